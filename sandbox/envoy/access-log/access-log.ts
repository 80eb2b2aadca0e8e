import type { StreamInfo } from '../stream-info.ts';
import type { Any, NamedAny } from '../xds/types.ts';
import { type LogFilter, passes } from './filter.ts';
import { formatText, formatValue } from './format.ts';

/** Envoy's own format, where a configuration names none. */
const defaultFormat =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" ' +
  '"%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n';

interface Logger {
  filter: LogFilter | undefined;
  path: string;
  line: (info: StreamInfo) => string;
}

/** Access loggers of a listener, an HTTP connection manager or a TCP proxy. */
export class AccessLog {
  readonly #loggers: Logger[];
  readonly #write: (path: string, line: string) => void;

  /** Loggers that write elsewhere than to a file (gRPC services) have nobody to write to here and are left out. */
  constructor(configurations: readonly NamedAny[] | undefined, write: (path: string, line: string) => void) {
    this.#write = write;
    this.#loggers = (configurations ?? []).flatMap((configuration) => {
      const { name, typedConfig } = configuration;
      if (name !== 'envoy.access_loggers.file' || !typedConfig) return [];
      const filter = (configuration as { filter?: LogFilter }).filter;
      return [{ filter, path: String(typedConfig.path ?? '/dev/stdout'), line: lineFormat(typedConfig) }];
    });
  }

  log(info: StreamInfo): void {
    for (const logger of this.#loggers) {
      if (passes(logger.filter, info)) this.#write(logger.path, logger.line(info));
    }
  }
}

function lineFormat(config: Any): (info: StreamInfo) => string {
  const format = config.logFormat as
    | { textFormatSource?: { inlineString?: string }; textFormat?: string; jsonFormat?: Record<string, unknown> }
    | undefined;
  if (format?.jsonFormat) {
    const { jsonFormat } = format;
    return (info) => JSON.stringify(jsonLine(jsonFormat, info));
  }
  const text = format?.textFormatSource?.inlineString ?? format?.textFormat ?? defaultFormat;
  return (info) => formatText(text, info).replace(/\n$/, '');
}

/** Keys in alphabetical order, as Envoy's JSON formatter prints a protobuf struct. */
function jsonLine(format: Record<string, unknown>, info: StreamInfo): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const key of Object.keys(format).sort()) {
    const value = format[key];
    if (typeof value === 'string') line[key] = formatValue(value, info);
    else if (typeof value === 'object' && value !== null) line[key] = jsonLine(value as Record<string, unknown>, info);
    else line[key] = value;
  }
  return line;
}
