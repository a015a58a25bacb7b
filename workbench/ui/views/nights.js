// Nights as whole numbers (MJD of the evening), as dates, and as day_obs.

const NIGHT = "night";
const MJD_EPOCH = Date.UTC(1858, 10, 17);

function nightText(mjd) {
  return new Date(MJD_EPOCH + Math.round(mjd) * 86400000).toISOString().slice(0, 10);
}

function nightNumber(mjd) {
  return Number(nightText(mjd).replaceAll("-", ""));
}

function nightTicks(low, high, wanted) {
  const step = Math.max(1, Math.round(niceStep(high - low, wanted)));
  const found = [];
  for (let night = Math.ceil(low / step) * step; night <= high; night += step) found.push(night);
  return found;
}

function mjdOf(number) {
  const text = String(number);
  return Math.round((Date.UTC(text.slice(0, 4), text.slice(4, 6) - 1, text.slice(6, 8)) - MJD_EPOCH) / 86400000);
}
