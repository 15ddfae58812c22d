// Asks every two seconds while somebody looks.

const SHOW = [showFigures, showKitchen, showModels, showWorkers, showFeatures, showAdmission, showLog, showForm,
  showOldest, showSettings];

let paused = false;
let timer = null;
let updatedAt = null;

function showProblem(text) {
  const box = byId('problem');
  box.hidden = !text;
  say(box, text || '');
}

function showState({server}) {
  const well = server.live && server.ready;
  say(byId('state-text'), well ? 'ready' : server.live ? 'not ready' : 'not live');
  mark(byId('state'), `pill ${well ? 'good' : server.live ? 'warn' : 'bad'}`);
  say(byId('facts'), `version ${server.version}, up ${seconds(server.uptime_seconds)}`);
  document.title = `${well ? '' : '\u26a0 '}Tournant`;
}

function showAge() {
  if (updatedAt === null) return;
  const age = Math.round((performance.now() - updatedAt) / 1000);
  say(byId('updated'), paused ? 'paused' : age < 4 ? 'live' : `${age} s old`);
}

async function look() {
  try {
    const response = await fetch('/status.json', {signal: AbortSignal.timeout(5000)});
    if (!response.ok) throw new Error(`/status.json answered ${response.status}`);
    const status = await response.json();
    remember(status);
    updatedAt = performance.now();
    showState(status);
    // A part that cannot be shown must not hide the others.
    const broken = [];
    for (const show of SHOW) {
      try {
        show(status);
      } catch (error) {
        broken.push(`${show.name}: ${error.message}`);
      }
    }
    showProblem(broken.length > 0 ? `Some of this page cannot be shown. ${broken.join('; ')}` : '');
  } catch (error) {
    mark(byId('state'), 'pill bad');
    say(byId('state-text'), 'no answer');
    showProblem(`The server does not answer: ${error.message}. What stands here is old.`);
  }
  showAge();
}

async function keepLooking() {
  timer = null;
  if (paused || document.hidden) return;
  await look();
  if (timer === null && !paused && !document.hidden) timer = setTimeout(keepLooking, EVERY_MS);
}

function start() {
  if (timer === null) keepLooking();
}

byId('pause').addEventListener('click', () => {
  paused = !paused;
  byId('pause').setAttribute('aria-pressed', String(paused));
  showAge();
  if (!paused) start();
});
document.addEventListener('visibilitychange', start);
start();
