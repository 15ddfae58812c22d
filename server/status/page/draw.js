// Elements. Whatever comes from models and callers becomes text, never markup.

const SVG = 'http:/' + '/www.w3.org/2000/svg';

function add(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}
const el = (tag, attributes = {}, ...children) =>
  add(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  add(document.createElementNS(SVG, tag), attributes, children);
const byId = (id) => document.getElementById(id);

// Only what has changed is touched, so that a selection and the focus stay.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function mark(node, className) {
  if (node.getAttribute('class') !== className) node.setAttribute('class', className);
}

// A table of `columns` [{title, number}] with `rows`, each an array of cells: a text or
// {text, mark, title}. `empty` is what stands there without rows.
function fillTable(table, columns, rows, empty) {
  if (!table.tHead) {
    table.append(
      el('thead', {}, el('tr', {}, ...columns.map(({title, number}) =>
        el('th', {scope: 'col', class: number ? 'number' : ''}, title)))),
      el('tbody'));
  }
  const body = table.tBodies[0];
  const shown = rows.length > 0 ? rows : [[{text: empty, mark: 'empty'}]];
  while (body.rows.length > shown.length) body.deleteRow(-1);
  while (body.rows.length < shown.length) body.insertRow();
  shown.forEach((cells, i) => {
    const row = body.rows[i];
    while (row.cells.length > cells.length) row.deleteCell(-1);
    while (row.cells.length < cells.length) row.insertCell();
    cells.forEach((cell, j) => {
      const {text, mark: name = '', title = ''} = typeof cell === 'object' ? cell : {text: cell};
      const place = row.cells[j];
      say(place, text);
      mark(place, `${rows.length > 0 && columns[j].number ? 'number ' : ''}${name}`.trim());
      if (place.title !== title) place.title = title;
      place.colSpan = rows.length > 0 ? 1 : columns.length;
    });
  });
}

// A course of the last minutes. `lines` are arrays of numbers or null, drawn to one scale from 0 up;
// the last one may have its area filled.
function sparkline(box, lines, width = 160, height = 30) {
  // A minute at least, so that a page just opened has a line soon, and all that is kept at most.
  const span = Math.max(30, ...lines.map((line) => line.length)) - 1;
  const top = Math.max(0, ...lines.flat().filter((value) => value !== null));
  const paths = lines.map((line) => {
    let path = '';
    let pen = false;
    line.forEach((value, i) => {
      if (value === null || value === undefined) {
        pen = false;
        return;
      }
      const x = width - (line.length - 1 - i) * (width / span);
      const y = height - 1.5 - (top > 0 ? value / top : 0) * (height - 4);
      path += `${pen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = true;
    });
    return path;
  });
  if (!box.firstChild) {
    box.append(...lines.map((_, i) => svg('path', {class: `line line-${i}`})));
    box.setAttribute('viewBox', `0 0 ${width} ${height}`);
    box.setAttribute('preserveAspectRatio', 'none');
    box.setAttribute('aria-hidden', 'true');
  }
  paths.forEach((path, i) => box.children[i].setAttribute('d', path || 'M0 0'));
}

// Parts of a whole as a bar with its legend: [{name, value, mark}].
function partsBar(parts, describe) {
  const all = parts.reduce((sum, {value}) => sum + value, 0);
  const bar = el('div', {class: 'parts', role: 'img', 'aria-label': describe});
  const legend = el('ul', {class: 'legend'});
  for (const {name, value, mark: color} of parts) {
    const piece = el('span', {class: color});
    piece.style.flexGrow = value;
    if (value > 0) bar.append(piece);
    legend.append(el('li', {}, el('span', {class: `swatch ${color}`, 'aria-hidden': 'true'}), name,
      el('b', {}, all > 0 ? percent(value / all) : NONE)));
  }
  if (all === 0) bar.append(el('span', {class: 'nothing'}));
  return [bar, legend];
}

function meter(label, part, text) {
  const bar = el('div', {class: 'meter', role: 'meter', 'aria-label': label, 'aria-valuemin': 0,
    'aria-valuemax': 100, 'aria-valuenow': Math.round((part || 0) * 100), 'aria-valuetext': text},
  el('span', {class: part > 0.9 ? 'hot' : ''}));
  bar.firstChild.style.width = `${Math.min(1, part || 0) * 100}%`;
  return el('div', {class: 'metered'}, el('span', {}, label), el('b', {}, text), bar);
}

const facts = (pairs) => el('dl', {class: 'pairs'}, ...pairs.map(([name, value, color = '']) =>
  el('div', {}, el('dt', {}, name), el('dd', {class: color}, value))));
