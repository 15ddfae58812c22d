// The last minutes, kept here and nowhere else: what /status.json said, and the rates and quantiles
// of the time between two of its answers.

const EVERY_MS = 2000;
const KEPT = 150;  // Five minutes.
const WINDOW_S = 10;

const samples = [];  // {at (seconds), status}, oldest first.

function remember(status) {
  const at = performance.now() / 1000;
  const last = samples[samples.length - 1];
  // Counters that went back belong to another process: the server has been started again.
  if (last && last.status.server.uptime_seconds > status.server.uptime_seconds) samples.length = 0;
  samples.push({at, status});
  if (samples.length > KEPT) samples.shift();
}

// The sample that the window which ends with samples[end] begins with.
function beginOf(end) {
  let begin = end;
  while (begin > 0 && samples[end].at - samples[begin].at < WINDOW_S) --begin;
  return begin;
}

// How fast the number that `read` finds in a status has grown in the window that ends with
// samples[end]; null before there are two.
function rateAt(end, read) {
  const begin = beginOf(end);
  if (begin === end) return null;
  const from = read(samples[begin].status);
  const to = read(samples[end].status);
  if (from === undefined || to === undefined) return null;
  return Math.max(0, to - from) / (samples[end].at - samples[begin].at);
}

const rate = (read) => rateAt(samples.length - 1, read);
const rates = (read) => samples.map((_, end) => rateAt(end, read));
const values = (read) => samples.map(({status}) => read(status));

// The quantile of the times that calls spent in `phase` in that window; null where none did.
function quantileAt(end, phase, q) {
  const begin = beginOf(end);
  if (begin === end) return null;
  const {bounds, phases} = samples[end].status.latency;
  const before = samples[begin].status.latency.phases[phase];
  const counts = phases[phase].map((n, i) => n - before[i]);
  const all = counts[counts.length - 1];
  if (all <= 0) return null;
  const rank = q * all;
  const i = counts.findIndex((n) => n >= rank);
  if (i >= bounds.length) return bounds[bounds.length - 1];
  const below = i > 0 ? counts[i - 1] : 0;
  const lower = i > 0 ? bounds[i - 1] : 0;
  return lower + (bounds[i] - lower) * ((rank - below) / Math.max(1, counts[i] - below));
}

const quantile = (phase, q) => quantileAt(samples.length - 1, phase, q);
const quantiles = (phase, q) => samples.map((_, end) => quantileAt(end, phase, q));
