const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** A number as people read it: three significant digits, no exponent, a thin space at thousands. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits =
    size >= 100 || value === Math.round(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const fixed = digits === 0 ? value.toFixed(0) : value.toFixed(digits).replace(/\.?0+$/, '');
  const [whole = '', rest] = fixed.split('.');
  const grouped = size >= 10_000 ? whole.replace(/\B(?=(\d{3})+$)/g, '\u2009') : whole;
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** A value with its unit: `%` is set close, everything else apart. */
export function quantity(
  value: number | null | undefined,
  unit: string | null | undefined,
): string {
  const text = number(value);
  if (text === '–' || unit === null || unit === undefined || unit === '' || unit === 'ratio') {
    return text;
  }
  return unit === '%' ? `${text}\u202f%` : `${text}\u00a0${unit}`;
}

/** A share in percent: never rounded up to 100, which would say that nothing was lost. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const shown = value < 100 ? Math.min(value, 99.99) : value;
  const digits = shown >= 100 || shown === 0 ? 0 : shown >= 99 ? 2 : 1;
  const fixed = digits === 0 ? shown.toFixed(0) : shown.toFixed(digits).replace(/\.?0+$/, '');
  return `${fixed}\u202f%`;
}

/** A length of time in its two largest units: `45 s`, `2 min 5 s`, `3 h`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const pair = (size: number, unit: string, small: number, smallUnit: string) => {
    const rest = Math.floor((s % size) / small);
    return `${Math.floor(s / size)}\u00a0${unit}${rest === 0 ? '' : ` ${rest}\u00a0${smallUnit}`}`;
  };
  if (s < MINUTE_S) return `${s}\u00a0s`;
  if (s < HOUR_S) return pair(MINUTE_S, 'min', 1, 's');
  if (s < DAY_S) return pair(HOUR_S, 'h', MINUTE_S, 'min');
  return pair(DAY_S, 'd', HOUR_S, 'h');
}

/** How long ago, or in how long, an instant is, in its largest unit: `12 s ago`, `in 4 min`. */
export function relative(at: string | null | undefined, nowMs: number): string {
  if (at === null || at === undefined) return '–';
  const seconds = (nowMs - Date.parse(at)) / 1000;
  if (!Number.isFinite(seconds)) return '–';
  const size = Math.abs(seconds);
  if (size < 1.5) return 'now';
  const text =
    size < MINUTE_S
      ? `${Math.round(size)}\u00a0s`
      : size < HOUR_S
        ? `${Math.round(size / MINUTE_S)}\u00a0min`
        : size < DAY_S
          ? `${Math.round(size / HOUR_S)}\u00a0h`
          : `${Math.round(size / DAY_S)}\u00a0d`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

const two = (n: number) => String(n).padStart(2, '0');

/** Local time of day, `04:20:19`. */
export function clock(at: string | number | null | undefined): string {
  if (at === null || at === undefined) return '–';
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Local day and time, `Nov 25, 04:20`; the time alone where it is the day of `nowMs`. */
export function moment(at: string | null | undefined, nowMs: number): string {
  if (at === null || at === undefined) return '–';
  const date = new Date(at);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${date.toLocaleDateString('en', { month: 'short', day: 'numeric' })}, ${time}`;
}

/** `load_balancer_adjust` as words: `load balancer adjust`. Names of others, which have capitals, stay as they are. */
export function words(name: string): string {
  if (/[A-Z]/.test(name)) return name;
  return name.replaceAll(/[_-]+/g, ' ');
}

/** What an incident is about: `chat/engine-2`, or `chat` for the whole service. */
export function scope(one: { readonly service: string; readonly replica?: string | null }): string {
  return one.replica === null || one.replica === undefined
    ? one.service
    : `${one.service}/${one.replica}`;
}
