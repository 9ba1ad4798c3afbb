/**
 * Fast Fourier transforms of one length, in place, over separate real and imaginary parts
 * (Cooley & Tukey, 1965, radix 2).
 */
export class FourierTransform {
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  readonly #reversed: Uint32Array;

  /** `size` is a power of two, 2 at least. @throws RangeError for another. */
  constructor(readonly size: number) {
    const bits = Math.log2(size);
    if (!Number.isInteger(bits) || bits < 1) throw new RangeError(`${size} is no power of two`);
    const half = size / 2;
    this.#cosines = Float64Array.from({ length: half }, (_, i) => Math.cos((Math.PI * i) / half));
    this.#sines = Float64Array.from({ length: half }, (_, i) => -Math.sin((Math.PI * i) / half));
    this.#reversed = new Uint32Array(size);
    for (let i = 1; i < size; i++) {
      this.#reversed[i] = (this.#reversed[i >> 1]! >> 1) | ((i & 1) << (bits - 1));
    }
  }

  /** Transforms `real` and `imaginary`, both of `size` values. */
  forward(real: Float64Array, imaginary: Float64Array): void {
    this.#reorder(real, imaginary);
    const cosines = this.#cosines;
    const sines = this.#sines;
    for (let half = 1; half < this.size; half *= 2) {
      const stride = this.size / (2 * half);
      for (let from = 0; from < this.size; from += 2 * half) {
        for (let i = 0; i < half; i++) {
          const upper = from + i;
          const lower = upper + half;
          const c = cosines[i * stride]!;
          const s = sines[i * stride]!;
          const re = real[lower]! * c - imaginary[lower]! * s;
          const im = real[lower]! * s + imaginary[lower]! * c;
          real[lower] = real[upper]! - re;
          imaginary[lower] = imaginary[upper]! - im;
          real[upper]! += re;
          imaginary[upper]! += im;
        }
      }
    }
  }

  /** The inverse but for the factor 1 / `size`. */
  backward(real: Float64Array, imaginary: Float64Array): void {
    this.forward(imaginary, real);
  }

  #reorder(real: Float64Array, imaginary: Float64Array): void {
    for (let i = 0; i < this.size; i++) {
      const j = this.#reversed[i]!;
      if (j <= i) continue;
      const re = real[i]!;
      real[i] = real[j]!;
      real[j] = re;
      const im = imaginary[i]!;
      imaginary[i] = imaginary[j]!;
      imaginary[j] = im;
    }
  }
}
