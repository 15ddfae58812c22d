// A prediction by hand, with inputs made up from the model's metadata.

let described = null;  // The metadata that the inputs are of.
let describing = false;
let asked = 0;         // How often a model's metadata has been asked for: only the last answer counts.
let sending = false;
let possible = false;  // Whether there is a model to send to, and a server that takes it.

// No inputs, no sending: what is typed while a model's inputs are on their way would be lost.
function allowSending() {
  byId('try-send').disabled = sending || !possible || !described;
}

// What stands in an input's box at first.
function example({datatype, shape, optional}) {
  if (optional) return '';
  const sizes = shape.map((size) => (size < 0 ? 1 : size));
  const elements = Math.min(sizes.reduce((all, size) => all * size, 1), 4096);
  const value = datatype === 'BYTES' ? '""' : datatype === 'BOOL' ? 'false' : '0';
  return Array.from({length: elements}, () => value).join(', ');
}

// The shape that so many values have: what is -1 in the metadata takes what the others leave, once.
function shapeFor(shape, elements) {
  const fixed = shape.filter((size) => size >= 0).reduce((all, size) => all * size, 1);
  let open = fixed > 0 ? elements / fixed : 0;
  return shape.map((size) => {
    if (size >= 0) return size;
    const taken = Math.floor(open);
    open = 1;
    return taken;
  });
}

function inputField(input, i) {
  const id = `try-input-${i}`;
  const box = el('textarea', {id, rows: 2, spellcheck: 'false', autocomplete: 'off', 'aria-describedby': `${id}-form`});
  box.value = example(input);
  return el('div', {class: 'field'}, el('label', {for: id}, input.name),
    el('span', {class: 'hint', id: `${id}-form`},
      `${input.datatype} [${input.shape.map((size) => (size < 0 ? 'any' : size)).join(', ')}]${input.optional ? ', may be left empty' : ''}`),
    box);
}

async function describeModel() {
  const name = byId('try-model').value;
  const turn = ++asked;
  described = null;
  describing = Boolean(name);
  allowSending();
  byId('try-answer').hidden = true;
  byId('try-inputs').replaceChildren();
  if (!name) return;
  try {
    const response = await fetch(`/v2/models/${encodeURIComponent(name)}`);
    const metadata = await response.json();
    if (turn !== asked) return;
    if (!response.ok) throw new Error(metadata.error);
    described = metadata;
    byId('try-inputs').replaceChildren(...metadata.inputs.map(inputField));
    allowSending();
  } catch (error) {
    if (turn === asked) showAnswer('bad', error.message);
  } finally {
    if (turn === asked) describing = false;
  }
}

function showAnswer(color, ...children) {
  const box = byId('try-answer');
  mark(box, `answer ${color}`);
  box.hidden = false;
  box.replaceChildren(...children);
}

function outputView({name, datatype, shape, data}) {
  const shown = data.slice(0, 256).map((value) => (datatype === 'BYTES' ? JSON.stringify(value) : String(value))).join(', ');
  return el('div', {class: 'output'}, el('span', {class: 'name'}, name),
    el('span', {class: 'hint'}, `${datatype} [${shape.join(', ')}]`),
    el('output', {class: 'values'}, shown + (data.length > 256 ? ', \u2026' : '')));
}

// The request as text, in which the elements are as they were typed.
function requestOf(metadata) {
  const inputs = [];
  metadata.inputs.forEach((input, i) => {
    const {name, datatype, shape, optional} = input;
    const box = byId(`try-input-${i}`);
    box.removeAttribute('aria-invalid');
    let data;
    try {
      data = elementsToJson(box.value, input);
    } catch (error) {
      box.setAttribute('aria-invalid', 'true');
      box.focus();
      throw error;
    }
    if (data.length === 0 && optional) return;
    const head = JSON.stringify({name, datatype, shape: shapeFor(shape, data.length)});
    inputs.push(`${head.slice(0, -1)},"data":[${data.join(',')}]}`);
  });
  return `{"inputs":[${inputs.join(',')}]}`;
}

async function predict(event) {
  event.preventDefault();
  if (!described || sending) return;
  const turn = asked;
  try {
    const request = requestOf(described);
    sending = true;
    allowSending();
    const begin = performance.now();
    const response = await fetch(`/v2/models/${encodeURIComponent(described.name)}/infer`, {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: request,
    });
    const answer = parseAnswer(await response.text());
    const took = seconds((performance.now() - begin) / 1000);
    if (turn !== asked) return;  // Another model has been chosen since.
    if (!response.ok) {
      showAnswer('bad', answer.error);
    } else {
      const parameters = Object.entries(answer.parameters || {}).filter(([, value]) => value !== 0 && value !== false);
      showAnswer('good', el('p', {class: 'hint'}, `Version ${answer.model_version}, answered in ${took}`),
        ...answer.outputs.map(outputView),
        ...(parameters.length > 0 ? [el('p', {class: 'hint'},
          parameters.map(([name, value]) => `${words(name)}: ${value}`).join(', '))] : []));
    }
  } catch (error) {
    if (turn === asked) showAnswer('bad', error.message);
  } finally {
    sending = false;
    allowSending();
  }
}

// Keeps what was chosen, while models come and go.
function showForm(status) {
  const select = byId('try-model');
  const names = [...new Set(status.models.filter(({state}) => state === 'READY').map(({model}) => model))];
  const have = [...select.options].map(({value}) => value);
  if (names.join('\n') !== have.join('\n')) {
    const chosen = select.value;
    select.replaceChildren(...names.map((name) => el('option', {value: name}, name)));
    if (names.includes(chosen)) select.value = chosen;
    if (select.value !== chosen) describeModel();
  }
  if (!described && !describing) describeModel();
  const on = status.server.http_infer;
  possible = on && names.length > 0;
  allowSending();
  say(byId('try-hint'), on ? '' : 'Predictions over HTTP are off; --http_infer=on turns them on.');
}

byId('try-model').addEventListener('change', describeModel);
byId('try').addEventListener('submit', predict);
