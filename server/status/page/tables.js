// Everything but the picture and the form.

const sum = (object) => Object.values(object).reduce((all, value) => all + value, 0);
const ended = (status) => sum(status.calls.ended);
const errors = (status) => status.calls.ended.Failed + status.calls.ended.Expired;
const rejected = (status) => status.calls.ended.Rejected;
const inFlight = (status) => sum(status.calls.live);
const busySeconds = (status) => status.workers.compute_seconds;

const FIGURES = [
  {name: 'Calls', show: (line) => perSecond(line), line: () => rates(ended)},
  {name: 'Errors', show: (line) => perSecond(line), line: () => rates(errors), bad: true},
  {name: 'Refused', show: (line) => perSecond(line), line: () => rates(rejected), warn: true},
  {name: 'In flight', show: (line) => count(line), line: () => values(inFlight)},
  {
    name: 'Workers\u2019 use',
    show: (line) => percent(line),
    line: () => rates(busySeconds).map((use, i) =>
      (use === null ? null : Math.min(1, use / samples[i].status.workers.workers))),
  },
];

function showFigures() {
  const list = byId('figures');
  if (!list.firstChild) {
    list.append(...FIGURES.map(({name}) =>
      el('div', {class: 'figure'}, el('dt', {}, name), el('dd', {}, NONE), svg('svg', {class: 'spark'}))));
  }
  FIGURES.forEach(({show, line, bad, warn}, i) => {
    const points = line();
    const last = points[points.length - 1];
    const [, value, spark] = list.children[i].children;
    say(value, show(last));
    mark(value, last > 0 ? (bad ? 'bad' : warn ? 'warn' : '') : '');
    sparkline(spark, [points]);
  });
}

const STATE_MARKS = {READY: 'good', LOADING: 'warn', UNLOADING: 'warn', UNAVAILABLE: 'bad'};

function showModels(status) {
  const find = (model, version) => (other) =>
    other.models.find((entry) => entry.model === model && entry.version === version);
  const rows = status.models.map((entry) => {
    const of = find(entry.model, entry.version);
    const calls = (read) => rate((other) => (of(other)?.calls ? read(of(other).calls) : undefined));
    const ok = calls(({ok: answered}) => answered);
    // A caller that left is neither.
    const failed = calls(({failures}) => failures.backend + failures.other);
    const refused = calls(({failures}) => failures.rejected);
    const took = rate((other) => of(other)?.calls?.ok_seconds);
    const executions = rate((other) => of(other)?.executions);
    const batched = rate((other) => of(other)?.rows);
    const served = entry.calls !== undefined;
    return [
      {text: entry.model, mark: 'name'},
      String(entry.version),
      {text: words(entry.state) + (entry.reason ? `: ${entry.reason}` : ''),
        mark: `state ${STATE_MARKS[entry.state] || ''}`},
      served ? perSecond(ok) : NONE,
      {text: served ? perSecond(failed) : NONE, mark: failed > 0 ? 'bad' : ''},
      {text: served ? perSecond(refused) : NONE, mark: refused > 0 ? 'warn' : ''},
      ok > 0 ? seconds(took / ok) : NONE,
      executions > 0 ? short(batched / executions, 2) : NONE,
      served ? count(entry.calls.ok + entry.calls.failed) : NONE,
      served ? seconds(entry.load_seconds) : NONE,
      served ? seconds(entry.warm_up_seconds) : NONE,
    ];
  });
  const number = (title) => ({title, number: true});
  fillTable(byId('models'), [{title: 'Model'}, number('Version'), {title: 'State'}, number('Answers'),
    number('Errors'), number('Refused or late'), number('Mean time'), number('Rows a batch'), number('Calls so far'),
    number('Loaded in'), number('of it warm-up')],
  rows, 'No models are known.');
}

function showWorkers(status) {
  const {workers} = status;
  const use = rate(busySeconds);
  const batches = {};
  const last = samples[samples.length - 1];
  const first = samples[beginOf(samples.length - 1)];
  // Of the last seconds where something was computed in them, else of all.
  const before = {};
  for (const {batches: sizes = {}, model, version} of first.status.models) before[`${model}/${version}`] = sizes;
  const gather = (since) => {
    for (const {batches: sizes = {}, model, version} of last.status.models) {
      for (const [rows, n] of Object.entries(sizes)) {
        const bucket = 2 ** Math.ceil(Math.log2(Math.max(1, Number(rows))));
        batches[bucket] = (batches[bucket] || 0) + n - (since ? before[`${model}/${version}`]?.[rows] || 0 : 0);
      }
    }
  };
  gather(true);
  const recent = sum(batches) > 0;
  if (!recent) gather(false);
  const most = Math.max(1, ...Object.values(batches));
  const bars = el('ul', {class: 'bars', 'aria-label': 'Batches by number of rows'});
  const sizes = Object.keys(batches).map(Number).sort((a, b) => a - b);
  for (const size of sizes) {
    const bar = el('span', {class: 'column', 'aria-hidden': 'true'});
    bar.style.height = `${Math.max(2, (batches[size] / most) * 64)}px`;
    const label = size <= 2 ? String(size) : `${size / 2 + 1}\u2013${size}`;
    bars.append(el('li', {}, el('span', {class: 'unseen'}, `${count(batches[size])} batches of `), bar,
      el('span', {class: 'size'}, label), el('span', {class: 'unseen'}, ' rows')));
  }
  byId('workers').replaceChildren(
    meter(`${workers.workers} ${workers.workers === 1 ? 'worker' : 'workers'} in use`, use === null ? 0 : use / workers.workers,
      use === null ? NONE : percent(Math.min(1, use / workers.workers))),
    el('h3', {}, `Rows in a batch, ${recent ? 'last seconds' : 'since the start'}`),
    sizes.length > 0 ? bars : el('p', {class: 'empty'}, 'Nothing has been computed yet.'),
    facts([
      ['Executions', perSecond(rate((other) => other.workers.executions))],
      ['Rows', perSecond(rate((other) => other.workers.rows))],
      ['Wasted computing', percent(workers.compute_seconds > 0 ? workers.wasted_seconds / workers.compute_seconds : 0),
        workers.wasted_seconds > 0.05 * workers.compute_seconds ? 'warn' : ''],
    ]));
}

const CELL_MARKS = {live: 'c-live', cached: 'c-cached', stale: 'c-stale', defaulted: 'c-default', from_request: 'c-given'};
const BROWN_OUT = ['none', 'no hedges', 'no optional views', 'nothing is fetched'];

function showFeatures(status) {
  const box = byId('features');
  const store = status.feature_store;
  if (!store) {
    box.replaceChildren(el('p', {class: 'empty'}, 'No feature store is configured (--feature_store).'));
    return;
  }
  const {cells, degraded_answers: degraded, oldest_age_seconds: age} = status.features;
  // Of the last seconds where there were any in them, else of all.
  const before = samples[beginOf(samples.length - 1)].status.features.cells;
  const recent = Object.keys(cells).some((name) => cells[name] > before[name]);
  const parts = Object.entries(cells).map(([name, value]) =>
    ({name: words(name), value: recent ? value - before[name] : value, mark: CELL_MARKS[name]}));
  const degradedNow = rate((other) => other.features.degraded_answers);
  const children = [
    el('h3', {}, `Where feature values came from, ${recent ? 'last seconds' : 'since the start'}`),
    ...partsBar(parts, parts.map(({name, value}) => `${name} ${count(value)}`).join(', ')),
    facts([
      ['Oldest value, median', age.count > 0 ? seconds(age.p50) : NONE],
      ['Oldest value, p99', age.count > 0 ? seconds(age.p99) : NONE],
      ['Degraded answers', `${count(degraded)} (${perSecond(degradedNow)})`, degradedNow > 0 ? 'warn' : ''],
      ['Fetch, median', store.p50_seconds > 0 ? seconds(store.p50_seconds) : NONE],
      ['Fetch, p95', store.p95_seconds > 0 ? seconds(store.p95_seconds) : NONE],
      ['Failed or late', percent(store.error_rate), store.error_rate > 0.01 ? 'bad' : ''],
      ['Brown-out', BROWN_OUT[store.brownout_level] || String(store.brownout_level), store.brownout_level > 0 ? 'bad' : ''],
    ]),
    el('h3', {}, 'Feature stores'),
    el('ul', {class: 'backends'}, ...store.backends.map((backend) => {
      const well = backend.reachable && backend.breaker === 'closed';
      return el('li', {}, el('span', {class: `badge ${well ? 'good' : 'bad'}`},
        !backend.reachable ? 'unreachable' : well ? 'healthy' : `breaker ${words(backend.breaker)}`),
      el('span', {class: 'name'}, backend.name),
      el('span', {class: 'aside'}, `${count(backend.in_flight)} of ${count(backend.limit)} in flight`));
    })),
  ];
  const caches = status.caches || [];
  if (caches.length > 0) {
    children.push(el('h3', {}, 'Caches'), el('ul', {class: 'backends'}, ...caches.map((cache) => {
      const hits = cache.hits + cache.negative_hits;
      const looked = hits + cache.misses;
      return el('li', {}, el('span', {class: 'name'}, cache.view),
        el('span', {class: 'aside'}, `${looked > 0 ? percent(hits / looked) : NONE} hits, ${count(cache.entries)} rows, ${bytes(cache.bytes)}`));
    })));
  }
  box.replaceChildren(...children);
}

function showAdmission(status) {
  const {admission} = status;
  // As they hold: a flag may leave one to the server.
  const {max_calls: most, max_request_bytes: mostBytes} = admission;
  const causes = {};
  for (const [name, entry] of Object.entries(admission.classes)) {
    for (const cause of Object.keys(entry.rejected)) {
      const now = rate((other) => other.admission.classes[name].rejected[cause]);
      causes[cause] ||= {all: 0, now: 0};
      causes[cause].all += entry.rejected[cause];
      causes[cause].now += now || 0;
    }
  }
  const box = byId('admission');
  if (!box.firstChild) {
    box.append(el('div'), el('h3', {}, 'Refused, by what kept them out'), el('table', {id: 'causes'}),
      el('h3', {}, 'By class'), el('table', {id: 'classes'}));
  }
  box.firstChild.replaceChildren(
    meter('Calls admitted and not yet answered', admission.calls / most, `${count(admission.calls)} of ${count(most)}`),
    meter('Bytes of their requests', admission.request_bytes / mostBytes,
      `${bytes(admission.request_bytes)} of ${bytes(mostBytes)}`));
  const number = (title) => ({title, number: true});
  fillTable(byId('causes'), [{title: 'Cause'}, number('now'), number('so far')],
    Object.entries(causes).map(([cause, {all, now}]) =>
      [words(cause), {text: perSecond(now), mark: now > 0 ? 'warn' : ''}, count(all)]), '');
  fillTable(byId('classes'), [{title: 'Class'}, number('most calls'), number('let in'), number('refused')],
    Object.entries(admission.classes).map(([name, {share}]) => {
      const turnedAway = rate((other) => sum(other.admission.classes[name].rejected));
      return [words(name), count(Math.floor(share * most)), perSecond(rate((other) => other.admission.classes[name].admitted)),
        {text: perSecond(turnedAway), mark: turnedAway > 0 ? 'warn' : ''}];
    }), '');
}

function showLog(status) {
  const log = status.prediction_log;
  if (!log) {
    byId('log').replaceChildren(el('p', {class: 'empty'}, 'Predictions are not saved (--prediction_log).'));
    return;
  }
  const dropped = sum(log.dropped || {});
  byId('log').replaceChildren(
    facts([
      ['Saved', `${count(log.durable)} (${perSecond(rate((other) => other.prediction_log.durable))})`],
      ['In memory', `${count(log.in_memory)}${log.in_memory_bytes === undefined ? '' : ` (${bytes(log.in_memory_bytes)})`}`],
      ['Dropped', count(dropped), dropped > 0 ? 'bad' : ''],
      ['Left out by sampling', count(log.sampled_out)],
      ['Refused for want of a place', count(log.refused || 0), log.refused > 0 ? 'bad' : ''],
    ]),
    ...(log.sink ? [el('h3', {}, 'To'), el('p', {class: 'code'}, log.sink)] : []),
    ...(log.error ? [el('p', {class: 'bad'}, log.error)] : []));
}

function showOldest(status) {
  const {oldest, silent_loops: silent} = status.in_flight;
  const number = (title) => ({title, number: true});
  fillTable(byId('oldest'), [number('Age'), {title: 'Phase'}, {title: 'Model'}, number('Version'), number('Rows'), {title: 'Request id'}],
    oldest.map((call) => [seconds(call.age_seconds), words(call.phase), {text: call.model, mark: 'name'},
      call.version > 0 ? String(call.version) : NONE, call.rows > 0 ? count(call.rows) : NONE, call.id || NONE]),
    silent > 0 ? 'The event loops do not answer.' : 'No calls are in flight.');
}

function showSettings(status) {
  const entries = Object.entries(status.settings);
  // What somebody has set comes first.
  entries.sort((a, b) => (a[1].from === 'default') - (b[1].from === 'default'));
  fillTable(byId('settings'), [{title: 'Flag'}, {title: 'Value'}, {title: 'From'}],
    entries.map(([flag, {value, from}]) => [{text: `--${flag}`, mark: 'code'},
      {text: value === '' ? '(empty)' : value, mark: value === '' ? 'code aside' : 'code'},
      {text: from, mark: from === 'default' ? 'aside' : 'set'}]), '');
}
