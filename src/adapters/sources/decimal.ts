const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/**
 * Below 2^53 every integer is a double, so digits may be gathered in one without rounding. 2^53 itself
 * is excluded: 2^53 + 1 rounds to it.
 */
const EXACT_MANTISSA = 2 ** 53;
/** 10^22 is the last power of ten that a double holds exactly. */
const EXACT_EXPONENT = 22;

/** Bytes that the number grammar is made of. */
const MINUS = 45;
const PLUS = 43;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const UPPER_E = 69;
const LOWER_E = 101;

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The value written in `body[start, end)` (ASCII), correctly rounded, or undefined when it is none.
 *
 * With a mantissa of at most 2^53 and a power of ten of at most 22 both are exact doubles, and one
 * IEEE division or multiplication rounds once (Clinger, 1990); anything else goes to `Number`.
 * `NaN`, `Nan`, `Inf`, `+Inf`, `-Inf` are taken in any case, as Go does; prom-client writes `Nan`.
 */
export function parseDecimal(body: Buffer, start: number, end: number): number | undefined {
  let p = start;
  const isNegative = body[p] === MINUS;
  if (isNegative || body[p] === PLUS) p += 1;
  let mantissa = 0;
  let digits = 0;
  let scale = 0;
  for (; p < end && body[p]! >= ZERO && body[p]! <= NINE; p += 1, digits += 1) {
    mantissa = mantissa * 10 + (body[p]! - ZERO);
  }
  if (p < end && body[p] === DOT) {
    const first = ++p;
    for (; p < end && body[p]! >= ZERO && body[p]! <= NINE; p += 1) {
      mantissa = mantissa * 10 + (body[p]! - ZERO);
    }
    scale = p - first;
    digits += scale;
  }
  let exponent = 0;
  if (digits > 0 && p < end && (body[p] === LOWER_E || body[p] === UPPER_E)) {
    p += 1;
    const isDown = body[p] === MINUS;
    if (isDown || body[p] === PLUS) p += 1;
    const first = p;
    for (; p < end && body[p]! >= ZERO && body[p]! <= NINE; p += 1) {
      // A hostile exponent must not overflow; a thousand is beyond any double already.
      exponent = Math.min(1000, exponent * 10 + (body[p]! - ZERO));
    }
    if (p === first) return undefined;
    if (isDown) exponent = -exponent;
  }
  const power = exponent - scale;
  if (
    p !== end ||
    digits === 0 ||
    mantissa >= EXACT_MANTISSA ||
    power > EXACT_EXPONENT ||
    power < -EXACT_EXPONENT
  ) {
    return parseUncommon(body.toString('latin1', start, end));
  }
  const value = power < 0 ? mantissa / POWERS_OF_TEN[-power]! : mantissa * POWERS_OF_TEN[power]!;
  return isNegative ? -value : value;
}

function parseUncommon(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  switch (text.toLowerCase()) {
    case 'nan':
      return NaN;
    case '+inf':
    case 'inf':
    case '+infinity':
    case 'infinity':
      return Infinity;
    case '-inf':
    case '-infinity':
      return -Infinity;
    default:
      return undefined;
  }
}
