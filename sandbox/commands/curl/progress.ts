const header =
  '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n' +
  '                                 Dload  Upload   Total   Spent    Left  Speed\n';

export interface Progress {
  downloaded: number;
  uploaded: number;
  /** Bytes announced, where they were. */
  downloadSize: number | undefined;
  uploadSize: number | undefined;
  /** Since the transfer's start, ms. */
  spent: number;
}

/** The meter that curl shows on standard error, as lib/progress.c draws it. */
export class ProgressMeter {
  #begun = false;

  /** One drawing; it writes over the one before. */
  draw(progress: Progress): string {
    const head = this.#begun ? '' : header;
    this.#begun = true;
    const seconds = progress.spent / 1000;
    const speed = (bytes: number) => (seconds > 0 ? Math.floor(bytes / seconds) : bytes);
    const [down, up] = [speed(progress.downloaded), speed(progress.uploaded)];
    const download = estimate(progress.downloadSize, progress.downloaded, down);
    const upload = estimate(progress.uploadSize, progress.uploaded, up);
    const total = (progress.downloadSize ?? progress.downloaded) + (progress.uploadSize ?? progress.uploaded);
    const whole = Math.max(download.seconds, upload.seconds);
    const percent = percentage(total, progress.downloaded + progress.uploaded);
    const elapsed = Math.floor(seconds);
    const cells = [
      `${column(percent)} ${short(total)}  ${column(download.percent)} ${short(progress.downloaded)}`,
      `${column(upload.percent)} ${short(progress.uploaded)}  ${short(down)}  ${short(up)}`,
    ];
    const times = [whole, elapsed, whole > 0 ? whole - elapsed : 0].map(clock).join(' ');
    return `${head}\r${cells.join('  ')} ${times} ${short(down + up)}`;
  }
}

const column = (value: number) => String(value).padStart(3);

function estimate(size: number | undefined, done: number, speed: number): { seconds: number; percent: number } {
  if (size === undefined || speed <= 0) return { seconds: 0, percent: 0 };
  return { seconds: Math.floor(size / speed), percent: percentage(size, done) };
}

function percentage(total: number, done: number): number {
  if (total > 10_000) return Math.floor(done / Math.floor(total / 100));
  return total > 0 ? Math.floor((done * 100) / total) : 0;
}

/** At most five characters. */
function short(bytes: number): string {
  const [kilo, mega] = [1024, 1024 * 1024];
  if (bytes < 100_000) return String(bytes).padStart(5);
  if (bytes < 10_000 * kilo) return `${String(Math.floor(bytes / kilo)).padStart(4)}k`;
  if (bytes < 100 * mega) {
    return `${String(Math.floor(bytes / mega)).padStart(2)}.${Math.floor((bytes % mega) / Math.floor(mega / 10))}M`;
  }
  return `${String(Math.floor(bytes / mega)).padStart(4)}M`;
}

function clock(seconds: number): string {
  if (seconds <= 0) return '--:--:--';
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(Math.floor(seconds / 3600)).padStart(2)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
