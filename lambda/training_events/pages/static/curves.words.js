// Numbers, places on an axis and their ticks, in words.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  curves.number = function (value) {
    if (Number.isNaN(value)) return "NaN";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
    const size = Math.abs(value);
    if (size && (size < 1e-4 || size >= 1e6)) return Number(value.toPrecision(6)).toExponential();
    return String(Number(value.toPrecision(6)));
  };

  curves.count = (value) => Math.round(value).toLocaleString("en");

  curves.counted = (value, noun) => `${curves.count(value)} ${noun}${value === 1 ? "" : "s"}`;

  // A place on the axis: "step 1,200", "1h05m after the start", "2026-03-03 12:00:00 UTC".
  curves.place = function (value, axis, apart = 1) {
    if (axis === "clock") return `${new Date(value * 1000).toISOString().slice(0, apart < 1 ? 23 : 19).replace("T", " ")} UTC`;
    if (axis === "elapsed") return `${curves.duration(value, apart)} after the start`;
    return `step ${stepText(value)}`;
  };

  curves.range = function (low, high, axis) {
    if (low === high) return curves.place(low, axis);
    if (axis === "step" && high - low >= 10) return `steps ${stepText(Math.ceil(low))} to ${stepText(Math.floor(high))}`;
    if (axis === "step") return `steps ${stepText(low)} to ${stepText(high)}`;
    const apart = (high - low) / 10;
    if (axis === "elapsed") return `${curves.duration(low, apart)} to ${curves.duration(high, apart)} after the start`;
    return `${curves.place(low, axis, apart)} to ${curves.place(high, axis, apart)}`;
  };

  const stepText = (step) => step.toLocaleString("en", { maximumFractionDigits: 2 });

  const UNITS = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];

  // The two largest units of a time in seconds: "2d04h", "1h05m", "12s". Where times lie less than a second `apart`, all units
  // and as many decimals as they need: "1m40.25s".
  curves.duration = function (seconds, apart = 1) {
    const sign = seconds < 0 ? "-" : "";
    const decimals = apart < 1 ? Math.min(9, Math.ceil(-Math.log10(apart))) : 0;
    const size = Number(Math.abs(seconds).toFixed(decimals));
    const first = Math.max(0, UNITS.findIndex(([, unit]) => size >= unit));
    const shown = size < 1 ? UNITS.slice(-1) : UNITS.slice(first, decimals ? UNITS.length : first + 2);
    let rest = size;
    const parts = shown.map(([name, unit], place) => {
      const isLast = unit === 1;
      const count = isLast ? Number(rest.toFixed(decimals)) : Math.floor(rest / unit);
      rest -= count * unit;
      return (place && count < 10 ? "0" : "") + count + name;
    });
    return sign + parts.join("").replace(/(?<=[a-z])00[a-z]$/, "");
  };

  // Ticks of an axis of moments, so many seconds from each other: the time of day, below it the day wherever that is another one.
  curves.clockTicks = function (moments, apart) {
    const texts = moments.map((seconds) => new Date(seconds * 1000).toISOString());
    if (apart >= 86400) return texts.map((text) => text.slice(0, 10));
    const time = (text) => text.slice(11, apart >= 60 ? 16 : apart >= 1 ? 19 : 23);
    return texts.map((text, i) => time(text) + (text.slice(0, 10) === texts[i - 1]?.slice(0, 10) ? "" : `\n${text.slice(0, 10)}`));
  };

  // Where an axis by logarithm has ticks: powers of ten, further values between them where few powers are seen.
  curves.logTicks = function (min, max) {
    const decades = Math.log10(max) - Math.log10(min);
    if (decades < 1) return evenTicks(min, max);
    const stride = Math.ceil(decades / 6);
    const ticks = [];
    for (let power = Math.ceil(Math.log10(min) / stride) * stride - stride; 10 ** power <= max; power += stride)
      for (const factor of decades > 3 ? [1] : [1, 2, 5]) ticks.push(Number(`${factor}e${power}`));
    return ticks.filter((tick) => tick >= min && tick <= max);
  };

  // About four round values.
  function evenTicks(min, max) {
    const rough = (max - min) / 4;
    const power = Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => Number(`${factor}e${power}`)).find((size) => size >= rough);
    const ticks = [];
    for (let count = Math.ceil(min / step); count * step <= max; count++) ticks.push(count * step);
    return ticks;
  }

  // Steps between the ticks of an axis of durations, in seconds.
  curves.DURATION_TICKS = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
    3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000, 2592000, 8640000, 31536000,
  ];

  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 6 });

  curves.stepTick = function (step) {
    const size = Math.abs(step);
    return size >= 1e4 && size < 1e15 ? compact.format(step) : String(Number(step.toPrecision(12)));
  };

  curves.valueTick = function (value) {
    const size = Math.abs(value);
    const rounded = Number(value.toPrecision(12));
    return size && (size < 1e-3 || size >= 1e5) ? rounded.toExponential() : String(rounded);
  };
})(window.trainingEvents);
