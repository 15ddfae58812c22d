// Numbers as people read them.

const NONE = '\u2013';

function short(value, digits = 3) {
  if (value === 0) return '0';
  return Number(value.toPrecision(digits)).toLocaleString('en', {maximumFractionDigits: 20});
}

function count(value) {
  if (value === undefined || value === null) return NONE;
  if (value < 100000) return value.toLocaleString('en');
  for (const [unit, size] of [['M', 1e6], ['k', 1e3]]) {
    if (value >= size) return `${short(value / size)}\u202f${unit}`;
  }
  return String(value);
}

function perSecond(value) {
  if (value === null) return NONE;
  if (value === 0) return '0/s';
  return `${value >= 100 ? count(Math.round(value)) : short(value, 2)}/s`;
}

function seconds(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  if (value === 0) return '0';
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60], ['s', 1], ['ms', 1e-3]]) {
    if (value >= (unit === 'min' || unit === 'd' || unit === 'h' ? 2 * size : size)) {
      return `${short(value / size, value / size >= 100 ? 3 : 2)}\u202f${unit}`;
    }
  }
  return `${short(value / 1e-6, 2)}\u202f\u00b5s`;
}

function bytes(value) {
  for (const [unit, size] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]]) {
    if (value >= size) return `${short(value / size)}\u202f${unit}`;
  }
  return `${count(value)}\u202fB`;
}

function percent(part) {
  if (part === null || Number.isNaN(part)) return NONE;
  if (part > 0 && part < 0.001) return '<\u202f0.1\u202f%';
  return `${short(part * 100, part >= 0.1 ? 3 : 2)}\u202f%`;
}

// "AwaitingFeatures", "too_many_calls" in words.
function words(name) {
  return name.replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
