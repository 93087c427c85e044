// What is painted onto a chart's canvas: the lines, the starts of attempts; and above it the marks of what is not finite.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  const COLOURS = 8; // --series-1 to --series-8 in page.css
  // of curves.drawing.css, in pixels
  const DASHES = [[], [6, 3], [2, 2], [10, 3, 2, 3], [10, 4], [4, 4], [1, 3], [12, 3, 3, 3, 3, 3]];
  const PALE = 0.45;
  const FADED = 0.12; // while another run is highlighted
  const MAX_DOTTED_POINTS_PER_PIXEL = 0.1;
  const MARK_PIXELS = 8; // one mark for all that lie so close

  // Each run has its place among all runs of the page, so that it looks the same in all charts.
  const places = new Map();
  curves.register = (runs) => runs.forEach((run) => places.has(run) || places.set(run, places.size));

  // Of a run the number of its colour, from 1, and that of its dashes, from 0: as the classes of curves.drawing.css.
  curves.look = function (run) {
    curves.register([run]);
    const place = places.get(run);
    return [(place % COLOURS) + 1, Math.floor(place / COLOURS) % DASHES.length];
  };

  // A colour of page.css, as long as the page is light or dark: to ask for one on every line of every drawing takes long.
  const colours = new Map();
  curves.colour = function (name) {
    if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
    return colours.get(name);
  };
  curves.onScheme = (listener) =>
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (colours.clear(), listener()));

  // From values to pixels of the canvas. The scale is in units of `unit`. `log` leaves out what is not above 0: it becomes NaN.
  function projection(u, log, unit) {
    const { left, top, width, height } = u.bbox;
    const { x, y } = u.scales;
    const across = width / (x.max - x.min);
    const of = log ? (value) => (value > 0 ? Math.log10(value / unit) : NaN) : (value) => value / unit;
    const low = log ? Math.log10(y.min) : y.min;
    const up = height / ((log ? Math.log10(y.max) : y.max) - low);
    return { toX: (place) => left + (place - x.min) * across, toY: (value) => top + height - (of(value) - low) * up };
  }

  // The lowest and the highest finite value of the lines between two places, or of the points beside it where no point lies
  // there; null where there is none.
  curves.valueExtent = function (lines, low, high, log) {
    return extent(lines, low, high, log, true) ?? extent(lines, low, high, log, false);
  };

  function extent(lines, low, high, log, inside) {
    let least = Infinity;
    let greatest = -Infinity;
    for (const line of lines) {
      const { x, y } = line;
      const [first, last] = curves.between(line, low, high);
      for (let i = first; i < last; i++) {
        if (!Number.isFinite(y[i]) || (inside && (x[i] < low || x[i] > high)) || (log && y[i] <= 0)) continue;
        if (y[i] < least) least = y[i];
        if (y[i] > greatest) greatest = y[i];
      }
    }
    return least <= greatest ? [least, greatest] : null;
  }

  // How many values between two places a logarithm has no place for.
  curves.notAboveZero = function (lines, low, high) {
    let count = 0;
    for (const { x, y } of lines)
      for (let i = 0; i < y.length; i++) if (y[i] <= 0 && Number.isFinite(y[i]) && x[i] >= low && x[i] <= high) count++;
    return count;
  };

  curves.paint = function (u, lines, { attemptStarts, settings: { log, highlight } }, unit) {
    const { ctx, bbox } = u;
    const ratio = uPlot.pxRatio;
    const { toX, toY } = projection(u, log, unit);
    const margin = 4 * ratio; // dots at the edge are whole
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left - margin, bbox.top - margin, bbox.width + 2 * margin, bbox.height + 2 * margin);
    ctx.clip();
    const runs = new Set(lines.map((line) => line.run));
    paintStarts(u, attemptStarts.filter(({ run }) => runs.has(run)), toX, runs.size === 1);
    ctx.lineJoin = "round";
    const order = [...lines].sort((a, b) => rank(a, highlight) - rank(b, highlight));
    for (const line of order) {
      const [first, last] = curves.between(line, u.scales.x.min, u.scales.x.max);
      const [colour, dashes] = curves.look(line.run);
      const faded = highlight !== null && line.run !== highlight;
      ctx.strokeStyle = ctx.fillStyle = curves.colour(`series-${colour}`);
      ctx.setLineDash(DASHES[dashes].map((length) => length * ratio));
      const dotted = !faded && last - first < (bbox.width / ratio) * MAX_DOTTED_POINTS_PER_PIXEL;
      const stroke = (values, alpha, width) => {
        ctx.globalAlpha = faded ? Math.min(alpha, FADED) : alpha;
        ctx.lineWidth = width * ratio;
        const { path, alone } = curves.path(line.x, values, first, last, toX, toY);
        ctx.stroke(path);
        return alone;
      };
      const pale = line.smooth || !line.stands;
      const alone = stroke(line.y, pale ? PALE : 1, pale ? 1 : 1.5);
      dots(ctx, alone, (dotted ? 3 : 1) * ratio);
      if (dotted) dots(ctx, visibleDots(line, first, last, toX, toY), 2 * ratio);
      if (line.smooth) dots(ctx, stroke(line.smooth, 1, 2), (dotted ? 3 : 1) * ratio);
    }
    ctx.restore();
  };

  const rank = (line, highlight) => (line.run === highlight ? 2 : line.stands ? 1 : 0);

  function dots(ctx, points, radius) {
    ctx.beginPath();
    for (const [x, y] of points) {
      ctx.moveTo(x + radius, y);
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
    }
    ctx.fill();
  }

  function visibleDots(line, first, last, toX, toY) {
    const points = [];
    for (let i = first; i < last; i++) {
      const y = toY(line.y[i]);
      if (Number.isFinite(y)) points.push([toX(line.x[i]), y]);
    }
    return points;
  }

  // A dashed line where a later attempt begins, with its number where the chart has one run and room for it.
  function paintStarts(u, starts, toX, oneRun) {
    const { ctx, bbox } = u;
    const ratio = uPlot.pxRatio;
    let labelEnd = -Infinity;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.lineWidth = ratio;
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    for (const { run, attempt, place } of starts) {
      const x = Math.round(toX(place));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.globalAlpha = oneRun ? 1 : PALE;
      ctx.strokeStyle = ctx.fillStyle = oneRun ? curves.colour("muted") : curves.colour(`series-${curves.look(run)[0]}`);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const label = `attempt ${attempt}`;
      if (!oneRun || x < labelEnd) continue;
      const width = ctx.measureText(label).width + 3 * ratio;
      const fits = x + width < bbox.left + bbox.width;
      if (fits || x - width > labelEnd) ctx.fillText(label, fits ? x + 3 * ratio : x - width, bbox.top + 2 * ratio);
      labelEnd = x + width + 5 * ratio;
    }
  }

  const MARKS = [
    { kind: "infinity", sign: "▲", name: "∞", is: (value) => value === Infinity },
    { kind: "minus-infinity", sign: "▼", name: "-∞", is: (value) => value === -Infinity },
    { kind: "nan", sign: "×", name: "NaN", is: Number.isNaN },
  ];

  // Elements, so that each can say on hover what it stands for. They lie on the edges of the plot.
  curves.marks = function (u, lines, axis) {
    const { min, max } = u.scales.x;
    const found = new Map();
    for (const line of lines) {
      const [first, last] = curves.between(line, min, max);
      for (let i = first; i < last; i++) {
        const value = line.y[i];
        const place = line.x[i];
        if (Number.isFinite(value) || place < min || place > max) continue;
        const mark = MARKS.find(({ is }) => is(value));
        const left = u.valToPos(place, "x");
        const key = `${mark.kind} ${Math.round(left / MARK_PIXELS)}`;
        const known = found.get(key);
        if (known) known.more++;
        else found.set(key, { mark, left, more: 0, run: line.run, attempt: curves.pieceAt(line, i).attempt, place });
      }
    }
    return [...found.values()].map(({ mark, left, more, run, attempt, place }) => {
      const element = document.createElement("span");
      element.className = `curve-mark curve-mark-${mark.kind} series-${curves.look(run)[0]}`;
      element.textContent = mark.sign;
      element.style.left = `${left}px`;
      const others = more ? `, and ${more} more here` : "";
      element.title = `${mark.name} at ${curves.place(place, axis)} (${run}, attempt ${attempt})${others}`;
      return element;
    });
  };
})(window.trainingEvents);
