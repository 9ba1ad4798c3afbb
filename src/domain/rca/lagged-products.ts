import { FourierTransform } from './fourier.js';

/** One multiplication of a transform takes about so many of a plain sum of products. */
const TRANSFORM_COST = 4;

/**
 * Sums of products of series with one follower, at all lags of a reach at once.
 *
 * Through the Fourier transform where that is less work: the follower is transformed once, every leader
 * there and back, which takes n log n steps instead of n for each lag.
 */
export class LaggedProducts {
  readonly #follower: Float64Array;
  readonly #reach: number;
  readonly #transform: FourierTransform | undefined;
  readonly #spectrum: { readonly real: Float64Array; readonly imaginary: Float64Array };

  /** `reach`: how many bins, at most, one may lead or lag the other. */
  constructor(follower: Float64Array, reach: number) {
    const { length } = follower;
    this.#follower = follower;
    this.#reach = reach;
    // Padding of `reach` zeros keeps what is moved past one end from meeting the other.
    const bits = Math.max(1, Math.ceil(Math.log2(length + reach + 1)));
    const size = 2 ** bits;
    const isWorthIt = TRANSFORM_COST * size * bits < (2 * reach + 1) * length;
    this.#transform = isWorthIt ? new FourierTransform(size) : undefined;
    this.#spectrum = isWorthIt
      ? { real: new Float64Array(size), imaginary: new Float64Array(size) }
      : { real: new Float64Array(), imaginary: new Float64Array() };
    this.#spectrum.real.set(isWorthIt ? follower : []);
    this.#transform?.forward(this.#spectrum.real, this.#spectrum.imaginary);
  }

  /**
   * Σ leader[i] · follower[i + lag] for every lag of -reach..reach, at index lag + reach; `leader` is as
   * long as the follower.
   */
  with(leader: Float64Array): Float64Array {
    return this.#transform === undefined
      ? this.#directly(leader)
      : this.#transformed(leader, this.#transform);
  }

  #directly(leader: Float64Array): Float64Array {
    const follower = this.#follower;
    const products = new Float64Array(2 * this.#reach + 1);
    for (let lag = -this.#reach; lag <= this.#reach; lag++) {
      let product = 0;
      const end = Math.min(leader.length, leader.length - lag);
      for (let i = Math.max(0, -lag); i < end; i++) product += leader[i]! * follower[i + lag]!;
      products[lag + this.#reach] = product;
    }
    return products;
  }

  #transformed(leader: Float64Array, transform: FourierTransform): Float64Array {
    const { size } = transform;
    const real = new Float64Array(size);
    const imaginary = new Float64Array(size);
    real.set(leader);
    transform.forward(real, imaginary);
    for (let i = 0; i < size; i++) {
      // The follower's spectrum times the conjugate of the leader's.
      const re = this.#spectrum.real[i]!;
      const im = this.#spectrum.imaginary[i]!;
      const product = re * real[i]! + im * imaginary[i]!;
      imaginary[i] = im * real[i]! - re * imaginary[i]!;
      real[i] = product;
    }
    transform.backward(real, imaginary);
    const products = new Float64Array(2 * this.#reach + 1);
    for (let lag = -this.#reach; lag <= this.#reach; lag++) {
      products[lag + this.#reach] = real[(lag + size) % size]! / size;
    }
    return products;
  }
}
