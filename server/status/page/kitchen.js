// The picture: a call goes from station to station. Each draws its own calls, a few of them.

const MOST_DRAWN = 12;

// Calls as shapes in rows, up to MOST_DRAWN; `place` gives one's element.
function shapes(n, place) {
  return Array.from({length: Math.min(n, MOST_DRAWN)}, (_, i) => place(i));
}

const ticket = (x, y) => svg('g', {class: 'ticket'},
  svg('path', {d: `M${x} ${y}h9v13l-1.5-1.5-1.5 1.5-1.5-1.5-1.5 1.5-1.5-1.5-1.5 1.5z`}),
  svg('path', {class: 'ink', d: `M${x + 2} ${y + 4}h5M${x + 2} ${y + 7}h3`}));

function jar(x, y, color) {
  return svg('g', {class: `jar ${color}`},
    svg('rect', {x, y: y + 3, width: 9, height: 11, rx: 2}),
    svg('rect', {class: 'lid', x: x + 1, y, width: 7, height: 3, rx: 1}));
}

function burner(x, y, lit) {
  return svg('g', {class: lit ? 'burner lit' : 'burner'},
    svg('path', {class: 'pan', d: `M${x} ${y}h20v5a5 5 0 0 1-5 5h-10a5 5 0 0 1-5-5zM${x + 20} ${y + 2}h9`}),
    svg('path', {class: 'flame', d: `M${x + 3} ${y + 20}c-2-4 2-4 2-8 3 2 4 5 2 8zM${x + 10} ${y + 20}c-2-4 2-4 2-8 3 2 4 5 2 8z`}),
    svg('path', {class: 'grate', d: `M${x - 1} ${y + 21.5}h22`}));
}

const plate = (x, y) => svg('g', {class: 'plate'},
  svg('ellipse', {cx: x + 8, cy: y + 8, rx: 9, ry: 3.5}),
  svg('path', {d: `M${x + 1} ${y + 7}a7 6 0 0 1 14 0z`}),
  svg('circle', {cx: x + 8, cy: y + 0.5, r: 1.2}));

const STATIONS = [
  {
    name: 'Order', says: 'being checked', phases: ['Accepted', 'Validating'],
    draw: (n) => [
      svg('path', {class: 'wood', d: 'M20 62h120'}),
      svg('path', {class: 'bell', d: 'M62 58a18 18 0 0 1 36 0zM58 60h44M80 40v-4'}),
      ...shapes(n, (i) => ticket(8 + (i % 4) * 11, 10 + Math.floor(i / 4) * 16)),
    ],
  },
  {
    name: 'Pantry', says: 'waiting for features', phases: ['AwaitingFeatures'],
    draw: (n) => [
      svg('path', {class: 'wood', d: 'M8 26h60M8 46h60M8 66h60'}),
      ...[0, 1, 2, 3, 4].map((i) => jar(10 + i * 11.5, 12, `shade-${i % 3}`)),
      ...[0, 1, 2, 3].map((i) => jar(14 + i * 12, 32, `shade-${(i + 1) % 3}`)),
      ...[0, 1, 2, 3, 4].map((i) => jar(10 + i * 11.5, 52, `shade-${(i + 2) % 3}`)),
      ...shapes(n, (i) => ticket(82 + (i % 6) * 12, 16 + Math.floor(i / 6) * 22)),
    ],
  },
  {
    name: 'Ticket rail', says: 'queued for a worker', phases: ['Queued'],
    draw: (n) => [
      svg('path', {class: 'steel', d: 'M6 14h148M6 44h148'}),
      ...shapes(n, (i) => ticket(10 + (i % 6) * 24, (i < 6 ? 15 : 45))),
    ],
  },
  {
    name: 'Stove', says: 'computing', phases: ['Computing'],
    draw: (n, status) => {
      const workers = Math.min(status.workers.workers, 6);
      const lit = Math.min(workers, Math.round((status.workers.awake / status.workers.workers) * workers));
      const gap = Math.min(48, 152 / workers);
      const left = 80 - (gap * workers) / 2 + (gap - 29) / 2;
      return [
        svg('path', {class: 'steel', d: 'M4 62h152'}),
        ...Array.from({length: workers}, (_, i) => burner(left + i * gap, 36, i < lit)),
        ...shapes(n, (i) => ticket(10 + i * 12, 6)),
      ];
    },
  },
  {
    name: 'Pass', says: 'being answered', phases: ['Responding'],
    draw: (n) => [
      svg('path', {class: 'wood', d: 'M10 62h140M10 34h140'}),
      svg('path', {class: 'lamp', d: 'M52 0v8M108 0v8M42 18a10 10 0 0 1 20 0zM98 18a10 10 0 0 1 20 0z'}),
      ...shapes(n, (i) => plate(14 + (i % 6) * 22, i < 6 ? 50 : 22)),
    ],
  },
];

function makeStation({name, says}) {
  const node = el('li', {class: 'station'},
    svg('svg', {class: 'scene', viewBox: '0 0 160 70', 'aria-hidden': 'true'}),
    el('p', {class: 'calls'}, el('b', {}, NONE), el('span', {}, says)),
    el('h3', {}, name),
    el('p', {class: 'times'}, el('span', {title: 'median'}, NONE), el('span', {title: 'slowest hundredth'}, NONE)),
    svg('svg', {class: 'spark'}));
  return node;
}

function showKitchen(status) {
  const list = byId('stations');
  if (!list.firstChild) list.append(...STATIONS.map(makeStation));
  STATIONS.forEach((station, i) => {
    const [scene, calls, , times, spark] = list.children[i].children;
    const n = station.phases.reduce((sum, phase) => sum + status.calls.live[phase], 0);
    // A phase that is over in no time: the one that takes longest stands for the station.
    const phase = station.phases[station.phases.length - 1];
    scene.replaceChildren(...station.draw(n, status));
    say(calls.firstChild, count(n));
    const p50 = quantile(phase, 0.5);
    const p99 = quantile(phase, 0.99);
    say(times.children[0], `p50 ${seconds(p50)}`);
    say(times.children[1], `p99 ${seconds(p99)}`);
    sparkline(spark, [quantiles(phase, 0.99), quantiles(phase, 0.5)]);
    mark(list.children[i], `station${n > 0 ? ' busy' : ''}${n > 1000 ? ' crowded' : ''}`);
  });
}
