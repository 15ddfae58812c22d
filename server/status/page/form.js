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

const isText = (datatype) => datatype === 'BYTES';

function example({datatype, shape}) {
  const sizes = shape.map((size) => (size < 0 ? 1 : size));
  const elements = Math.min(sizes.reduce((all, size) => all * size, 1), 4096);
  const value = isText(datatype) ? '' : datatype === 'BOOL' ? false : 0;
  return Array.from({length: elements}, () => value);
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

// "1, 2, 3" and JSON both; text needs no quotes.
function parseValues(text, datatype) {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  if (trimmed.startsWith('[')) return JSON.parse(trimmed).flat(Infinity);
  if (isText(datatype)) return trimmed.split(',').map((part) => part.trim());
  return JSON.parse(`[${trimmed}]`);
}

function inputField(input, i) {
  const id = `try-input-${i}`;
  const values = example(input).map((value) => (isText(input.datatype) ? value : JSON.stringify(value))).join(', ');
  const box = el('textarea', {id, rows: 2, spellcheck: 'false', autocomplete: 'off', 'aria-describedby': `${id}-form`});
  box.value = values;
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
  const shown = data.slice(0, 256).map((value) => (typeof value === 'number' ? String(value) : JSON.stringify(value))).join(', ');
  return el('div', {class: 'output'}, el('span', {class: 'name'}, name),
    el('span', {class: 'hint'}, `${datatype} [${shape.join(', ')}]`),
    el('output', {class: 'values'}, shown + (data.length > 256 ? ', \u2026' : '')));
}

function requestOf(metadata) {
  const inputs = [];
  metadata.inputs.forEach((input, i) => {
    const box = byId(`try-input-${i}`);
    box.removeAttribute('aria-invalid');
    let data;
    try {
      data = parseValues(box.value, input.datatype);
    } catch {
      box.setAttribute('aria-invalid', 'true');
      box.focus();
      throw new Error(`${input.name}: values are separated by commas, such as 1, 2.5, or a JSON array`);
    }
    if (data.length === 0 && input.optional) return;
    inputs.push({name: input.name, datatype: input.datatype, shape: shapeFor(input.shape, data.length), data});
  });
  return {inputs};
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
      body: JSON.stringify(request),
    });
    const answer = await response.json();
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
    showAnswer('bad', error.message);
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
