import { concat, decode, encode } from '../../kernel/streams.ts';

/** A google.protobuf.Struct of strings and further structs. */
export interface Struct {
  [field: string]: string | Struct;
}

/** The wire format, fields in alphabetical order (deterministic serialization). */
export function encodeStruct(fields: Struct): Uint8Array {
  const entries = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return concat(
    entries.map(([key, value]) => {
      const body = typeof value === 'string' ? delimited(3, encode(value)) : delimited(5, encodeStruct(value));
      return delimited(1, concat([delimited(1, encode(key)), delimited(2, body)]));
    }),
  );
}

/** Values that are neither strings nor structs are left out. Throws on what is no message. */
export function decodeStruct(bytes: Uint8Array): Struct {
  const fields: Struct = {};
  for (const [field, entry] of messages(bytes)) {
    if (field !== 1) continue;
    const parts = new Map(messages(entry));
    const [kind, value] = messages(parts.get(2) ?? new Uint8Array(0))[0] ?? [0, new Uint8Array(0)];
    const key = decode(parts.get(1) ?? new Uint8Array(0));
    if (kind === 3) fields[key] = decode(value);
    else if (kind === 5) fields[key] = decodeStruct(value);
  }
  return fields;
}

function delimited(field: number, bytes: Uint8Array): Uint8Array {
  const head = [(field << 3) | 2];
  let size = bytes.length;
  for (; size > 127; size >>= 7) head.push((size & 0x7f) | 0x80);
  head.push(size);
  return concat([Uint8Array.from(head), bytes]);
}

/** The length-delimited fields of a message in order; others are skipped. */
function messages(bytes: Uint8Array): [field: number, value: Uint8Array][] {
  const found: [number, Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw new Error('protobuf: truncated message');
      value |= (byte & 0x7f) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 2) {
      const size = varint();
      if (at + size > bytes.length) throw new Error('protobuf: truncated message');
      found.push([tag >> 3, bytes.subarray(at, at + size)]);
      at += size;
    } else if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else throw new Error(`protobuf: wire type ${kind}`);
  }
  return found;
}
