// From traces to lines: where each point lies along the axis, what the smoothing makes of it, and its path on the canvas.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  // Beyond so many points the weight of the smoothing is that of so many samples, so that it looks the same at every resolution.
  const MAX_SMOOTHED_SAMPLES = 1000;

  // One line a run of what stands, across its attempts, and one line for each piece that a later attempt superseded.
  // `starts` has the time at which each run begins, in seconds since 1970.
  curves.lines = function (data, axis, starts) {
    const standing = new Map();
    const lines = [];
    for (const trace of data.traces) {
      const piece = { ...trace, x: along(trace, axis, starts.get(trace.run) ?? 0) };
      const line = trace.stands ? standing.get(trace.run) : undefined;
      if (line) {
        line.pieces.push(piece);
        continue;
      }
      lines.push({ run: trace.run, stands: trace.stands, pieces: [piece] });
      if (trace.stands) standing.set(trace.run, lines.at(-1));
    }
    return lines.map(joined);
  };

  // The first time of each run.
  curves.starts = function (data) {
    const starts = new Map();
    for (const { run, times } of data.traces)
      for (const time of times) if (!(starts.get(run) <= time) && Number.isFinite(time)) starts.set(run, time);
    return starts;
  };

  // How many points of each run stand.
  curves.counts = function (data) {
    const counts = new Map();
    for (const { run, stands, points } of data.traces) if (stands) counts.set(run, (counts.get(run) ?? 0) + points);
    return counts;
  };

  // Where each attempt but a run's first begins along the axis, in the axis's order.
  curves.attemptStarts = function (lines) {
    const starts = new Map();
    for (const { run, pieces } of lines)
      for (const { attempt, x } of pieces) {
        if (!x.length) continue;
        const attempts = starts.get(run) ?? new Map();
        starts.set(run, attempts.set(attempt, Math.min(x[0], attempts.get(attempt) ?? Infinity)));
      }
    return [...starts]
      .flatMap(([run, attempts]) => {
        const first = Math.min(...attempts.keys());
        return [...attempts].filter(([attempt]) => attempt !== first).map(([attempt, place]) => ({ run, attempt, place }));
      })
      .sort((a, b) => a.place - b.place);
  };

  curves.hasSteps = (data) => data.traces.some((trace) => trace.steps.some(Number.isFinite));

  function along(trace, axis, start) {
    const places = axis === "step" ? trace.steps : trace.times;
    const origin = axis === "elapsed" ? start : 0;
    // A point without a step, or a time, lies where the one before it does.
    let last = places.find(Number.isFinite) ?? origin;
    return places.map((place) => (Number.isFinite(place) ? (last = place) : last) - origin);
  }

  function joined({ run, stands, pieces }) {
    const length = pieces.reduce((sum, piece) => sum + piece.values.length, 0);
    const line = { run, stands, pieces, x: new Float64Array(length), y: new Float64Array(length), inOrder: true };
    let place = 0;
    for (const piece of pieces) {
      line.x.set(piece.x, place);
      line.y.set(piece.values, place);
      piece.at = place;
      place += piece.values.length;
    }
    for (let i = 1; i < length && line.inOrder; i++) line.inOrder = line.x[i] >= line.x[i - 1];
    return line;
  }

  curves.pieceAt = (line, index) => line.pieces.findLast((piece) => piece.at <= index);

  // The debiased exponential moving average, as TensorBoard's, over the line of a run with so many recorded `points`.
  // What is not finite stays as it is and changes no other value.
  curves.smoothed = function (line, weight, points) {
    const samples = Math.min(1, MAX_SMOOTHED_SAMPLES / points);
    const smooth = new Float64Array(line.y.length);
    let sum = 0;
    let total = 0;
    for (const piece of line.pieces) {
      const keep = weight ** (Math.max(1, piece.each / 2) * samples);
      for (let i = piece.at; i < piece.at + piece.values.length; i++) {
        const value = line.y[i];
        if (!Number.isFinite(value)) {
          smooth[i] = value;
          continue;
        }
        sum = sum * keep + value * (1 - keep);
        total = total * keep + (1 - keep);
        smooth[i] = sum / total;
      }
    }
    return smooth;
  };

  // The indices of the points between two places of the axis, and of one more on each side: the line goes on to the edge.
  // A line that goes back is looked at as a whole.
  curves.between = function (line, low, high) {
    if (!line.inOrder) return [0, line.x.length];
    return [Math.max(0, firstAtLeast(line.x, low) - 1), Math.min(line.x.length, firstAbove(line.x, high) + 1)];
  };

  curves.nearest = function (line, place) {
    if (!line.x.length) return -1;
    if (line.inOrder) {
      const after = Math.min(firstAtLeast(line.x, place), line.x.length - 1);
      return after > 0 && place - line.x[after - 1] < line.x[after] - place ? after - 1 : after;
    }
    let best = 0;
    for (let i = 1; i < line.x.length; i++) if (Math.abs(line.x[i] - place) < Math.abs(line.x[best] - place)) best = i;
    return best;
  };

  function firstAtLeast(sorted, place) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function firstAbove(sorted, place) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // The path of the points from `first` to `last`: of all that fall on one column of pixels the first, the lowest, the
  // highest and the last. `toX` and `toY` give pixels of the canvas; a y that is not finite breaks the line.
  // Points that no line reaches come back as `alone`.
  curves.path = function (x, y, first, last, toX, toY) {
    const path = new Path2D();
    const alone = [];
    let column = NaN;
    let count = 0; // of points on this column
    let pointX, firstY, lowest, highest, lowestIsFirst, lastY;
    let drawn = 0; // of points of this stretch of the line

    function endColumn() {
      if (!count) return;
      const start = drawn ? path.lineTo : path.moveTo;
      start.call(path, count > 1 ? column : pointX, firstY);
      if (count > 1) {
        path.lineTo(column, lowestIsFirst ? lowest : highest);
        path.lineTo(column, lowestIsFirst ? highest : lowest);
        path.lineTo(column, lastY);
      }
      drawn += count;
      count = 0;
    }

    function endStretch() {
      endColumn();
      if (drawn === 1) alone.push([pointX, firstY]);
      drawn = 0;
      column = NaN;
    }

    for (let i = first; i < last; i++) {
      const py = toY(y[i]);
      if (!Number.isFinite(py)) {
        endStretch();
        continue;
      }
      const px = toX(x[i]);
      const rounded = Math.round(px);
      if (rounded !== column) {
        endColumn();
        column = rounded;
        pointX = px;
        firstY = lowest = highest = lastY = py;
        count = 1;
        continue;
      }
      count++;
      lastY = py;
      if (py < lowest) {
        lowest = py;
        lowestIsFirst = false;
      } else if (py > highest) {
        highest = py;
        lowestIsFirst = true;
      }
    }
    endStretch();
    return { path, alone };
  };
})(window.trainingEvents);
