// Nights as whole numbers (MJD of the evening), as dates, and as day_obs.

import { niceStep } from "./axes.js";

export const NIGHT = "night";
const MJD_EPOCH = Date.UTC(1858, 10, 17);

/**
 * The evening's date, such as 2017-01-23.
 * @param {number} mjd
 * @returns {string}
 */
export function nightText(mjd) {
  return new Date(MJD_EPOCH + Math.round(mjd) * 86400000).toISOString().slice(0, 10);
}

/**
 * The night as day_obs, such as 20170123.
 * @param {number} mjd
 * @returns {number}
 */
export function nightNumber(mjd) {
  return Number(nightText(mjd).replaceAll("-", ""));
}

/**
 * Whole nights of a range, about as many as wanted.
 * @param {number} low
 * @param {number} high
 * @param {number} wanted
 * @returns {number[]}
 */
export function nightTicks(low, high, wanted) {
  const step = Math.max(1, Math.round(niceStep(high - low, wanted)));
  const found = [];
  for (let night = Math.ceil(low / step) * step; night <= high; night += step) found.push(night);
  return found;
}

/**
 * The MJD of a day_obs.
 * @param {number} number
 * @returns {number}
 */
export function mjdOf(number) {
  const text = String(number);
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)].map(Number);
  return Math.round((Date.UTC(year, month - 1, day) - MJD_EPOCH) / 86400000);
}
