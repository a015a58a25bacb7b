// Marks as pixels of an image: many are written at once, and more are counted.

export const FEW = 1000; // marks up to which each is drawn by itself

export function rgb(colour) {
  const number = parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

// A style is colour, strength and how much larger it is; later ones lie above.
export function drawImage(pen, view, x, y, size, styles, styleOf) {
  const [width, height] = [view.canvas.width, view.canvas.height];
  if (view.image?.width !== width || view.image?.height !== height) {
    view.image = new ImageData(width, height);
    view.layer = new OffscreenCanvas(width, height);
  }
  const pixels = new Uint32Array(view.image.data.buffer);
  pixels.fill(0);
  styles.forEach(([colour, alpha, more = 0], wanted) => {
    const [red, green, blue] = rgb(colour);
    const value = ((Math.round(255 * alpha) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    const side = Math.max(1, Math.round((size + more) * view.ratio));
    for (let i = 0; i < x.length; i++) {
      if (styleOf(i) !== wanted) continue;
      const left = Math.round(x[i] * view.ratio - side / 2);
      const top = Math.round(y[i] * view.ratio - side / 2);
      if (!(left >= 0 && top >= 0 && left + side <= width && top + side <= height)) continue;
      for (let row = top * width + left, n = 0; n < side; n++, row += width) pixels.fill(value, row, row + side);
    }
  });
  view.layer.getContext("2d").putImageData(view.image, 0, 0);
  pen.drawImage(view.layer, 0, 0, view.width, view.height);
}

export function drawDensity(pen, view, x, y, wanted, colour) {
  const selected = view.hub.selected;
  const [width, height] = [Math.ceil(view.width), Math.ceil(view.height)];
  const counts = new Uint32Array(width * height);
  let most = 0;
  for (let i = 0; i < x.length; i++) {
    if (selected[i] !== wanted || !(x[i] >= 0 && x[i] < width && y[i] >= 0 && y[i] < height)) continue;
    const count = ++counts[Math.floor(y[i]) * width + Math.floor(x[i])];
    if (count > most) most = count;
  }
  const image = new ImageData(width, height);
  const [red, green, blue] = rgb(colour);
  for (let at = 0; at < counts.length; at++) {
    if (!counts[at]) continue;
    image.data.set([red, green, blue, 90 + Math.round((165 * Math.log1p(counts[at])) / Math.log1p(most))], 4 * at);
  }
  const layer = new OffscreenCanvas(width, height);
  layer.getContext("2d").putImageData(image, 0, 0);
  pen.drawImage(layer, 0, 0);
}
