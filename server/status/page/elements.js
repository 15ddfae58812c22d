// The elements of tensors as text, from the form to the request and from the answer to the page. A
// number in JavaScript would round integers above 2^53.

// Those of "1, 2, 3", as they were typed, or of JSON such as [[1, 2], [3, 4]].
function splitElements(text) {
  const trimmed = text.trim();
  const elements = [];
  if (trimmed.startsWith('[')) {
    const scalar = /"(?:[^"\\]|\\.)*"|[^\s,[\]"](?:[^,[\]"]*[^\s,[\]"])?/g;
    // What is between them has to be JSON's brackets and commas.
    JSON.parse(trimmed.replace(scalar, (element) => {
      elements.push(element);
      return '0';
    }));
  } else if (trimmed !== '') {
    const element = /\s*("(?:[^"\\]|\\.)*"(?=\s*(?:,|$))|[^,]*)\s*(,|$)/y;
    let found;
    do {
      found = element.exec(trimmed);
      elements.push(found[1].trim());
    } while (found[2] === ',');
  }
  return elements;
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// An element in JSON, or null where it is none of `datatype`. `bare`: a text may be without quotes.
function elementToJson(element, datatype, bare) {
  const integer = /^(U?)INT(\d+)$/.exec(datatype);
  if (integer) {
    if (!/^[+-]?\d+$/.test(element)) return null;
    const value = BigInt(element);
    const [, unsigned, bits] = integer;
    const fits = unsigned ? BigInt.asUintN(Number(bits), value) : BigInt.asIntN(Number(bits), value);
    return fits === value ? String(value) : null;
  }
  if (datatype === 'BOOL') return element === 'true' || element === 'false' ? element : null;
  if (datatype === 'BYTES') {
    if (element.startsWith('"')) return isJson(element) ? element : null;
    return bare ? JSON.stringify(element) : null;
  }
  // JSON has no numbers for these.
  const unquoted = element.replace(/^"(.*)"$/, '$1');
  if (/^(NaN|-?Infinity)$/.test(unquoted)) return JSON.stringify(unquoted);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(element)) return null;
  if (!Number.isFinite(Number(element))) return null;
  if (/^-0+$/.test(element)) return '-0.0';  // An integer has no sign there.
  // As it stands where JSON has that form (not .5 or +1), so that the server alone rounds it.
  return isJson(element) ? element : String(Number(element));
}

// Those of an input in JSON. Throws an Error that names what is wrong, and where.
function elementsToJson(text, {name, datatype}) {
  let elements;
  try {
    elements = splitElements(text);
  } catch {
    throw new Error(`${name}: the brackets or commas are not those of a JSON array`);
  }
  const bare = !text.trim().startsWith('[');
  return elements.map((element, i) => {
    const json = elementToJson(element, datatype, bare);
    if (json !== null) return json;
    const shown = element.length > 40 ? `${element.slice(0, 40)}\u2026` : element;
    const hint = datatype === 'BYTES' ? '; in brackets or quotes a text is written as in JSON'
      : /\s/.test(element) ? '; values are separated by commas' : '';
    throw new Error(`${name}[${i}]: '${shown}' is no ${datatype}${hint}`);
  });
}

// An answer, in which integers that a number may not hold or show are the texts that stand there.
function parseAnswer(text) {
  const scalar = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  return JSON.parse(text.replace(scalar, (found) => (/^(-?\d{16,}|-0)$/.test(found) ? `"${found}"` : found)));
}
