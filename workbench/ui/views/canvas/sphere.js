// The equal-area projection around a centre: no seam at 0 h and nothing special at the poles, since it turns the
// sphere itself. Only the point opposite of the centre has no place.

export const RADIAN = Math.PI / 180;
const FARTHEST = -0.97; // cosine of the distance from the centre beyond which nothing is drawn

/**
 * A unit vector of degrees.
 * @param {number} ra
 * @param {number} dec
 * @returns {number[]}
 */
export function toVector(ra, dec) {
  const [a, d] = [ra * RADIAN, dec * RADIAN];
  return [Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)];
}

/**
 * Right ascension (0 to 360) and declination of a vector of any length.
 * @param {number[]} vector
 * @returns {number[]}
 */
export function toDegrees([x, y, z]) {
  return [((Math.atan2(y, x) / RADIAN) + 360) % 360, Math.atan2(z, Math.hypot(x, y)) / RADIAN];
}

function unit(vector) {
  const length = Math.hypot(...vector);
  return length > 1e-9 ? vector.map((value) => value / length) : [1, 0, 0];
}

/**
 * The middle of directions that are given as x, y, z one behind the other; NaN count for nothing.
 * @param {ArrayLike<number> & {slice: Function}} vectors
 * @returns {number[]}
 */
export function meanOf(vectors) {
  const sum = [0, 0, 0];
  for (let at = 0; at < vectors.length; at += 3) for (let n = 0; n < 3; n++) sum[n] += vectors[at + n] || 0;
  return Math.hypot(...sum) > 1e-9 * vectors.length ? unit(sum) : [...vectors.slice(0, 3)];
}

export class Projection {
  /**
   * Offsets are radians, to the east and to the north.
   * @param {number[]} centre a unit vector
   */
  constructor(centre) {
    const [ra, dec] = toDegrees(centre).map((angle) => angle * RADIAN);
    this.centre = centre;
    this.east = [-Math.sin(ra), Math.cos(ra), 0];
    this.north = [-Math.sin(dec) * Math.cos(ra), -Math.sin(dec) * Math.sin(ra), Math.cos(dec)];
  }

  project(x, y, z) {
    const [c, e, n] = [this.centre, this.east, this.north];
    const near = c[0] * x + c[1] * y + c[2] * z;
    if (!(near > FARTHEST)) return [NaN, NaN];
    const scale = Math.sqrt(2 / (1 + near));
    return [scale * (e[0] * x + e[1] * y), scale * (n[0] * x + n[1] * y + n[2] * z)];
  }

  unproject(x, y) {
    const far = Math.min(1.999, Math.hypot(x, y));
    const angle = 2 * Math.asin(far / 2);
    const part = far > 1e-12 ? Math.sin(angle) / far : 1;
    return unit(this.centre.map((value, n) => Math.cos(angle) * value + part * (x * this.east[n] + y * this.north[n])));
  }
}

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

/**
 * Lines of right ascension and declination across a view of an angular radius (deg), as lists of [ra, dec].
 * @param {number[]} centre
 * @param {number} radius
 */
export function graticule(centre, radius) {
  const [ra, dec] = toDegrees(centre);
  const pole = Math.abs(dec) + radius >= 88;
  const reach = pole ? 180 : Math.asin(Math.min(1, Math.sin(radius * RADIAN) / Math.cos(dec * RADIAN))) / RADIAN;
  const stepOf = (span) => STEPS.find((step) => step >= span / 2.5) ?? 30;
  const [raStep, decStep] = [stepOf(reach), stepOf(radius)];
  const [south, north] = [Math.max(-90, dec - radius), Math.min(90, dec + radius)];
  const lines = [];
  const digits = (step) => Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const last = reach >= 180 ? ra + reach - raStep / 2 : ra + reach;
  for (let n = Math.ceil((ra - reach) / raStep); n * raStep <= last; n++) {
    const at = n * raStep;
    const points = Array.from({ length: 91 }, (_, k) => [at, south + ((north - south) * k) / 90]);
    lines.push({ points, label: `${(((at % 360) + 360) % 360).toFixed(digits(raStep))}°`, edge: "bottom" });
  }
  for (let n = Math.ceil(south / decStep); n * decStep <= north; n++) {
    const at = n * decStep;
    const points = Array.from({ length: 181 }, (_, k) => [ra - reach + (2 * reach * k) / 180, at]);
    lines.push({ points, label: `${at >= 0 ? "+" : ""}${at.toFixed(digits(decStep))}°`.replace("-", "\u2212"), edge: "left" });
  }
  return lines;
}
