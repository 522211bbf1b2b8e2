// Search inside a trace: it finds, and never hides.

/** @typedef {{critical: () => ReturnType<typeof criticalPath>, blocked: () => Map<number, Blocked>}} Facts */

/** @param {string} text @returns {{not: boolean, word: string}[]} words; quotes keep spaces, a minus negates */
function queryWords(text) {
  const words = [];
  for (const [, not, before, quoted] of text.matchAll(/(-?)([^\s"]*)(?:"([^"]*)"?)?/g)) {
    const word = before + (quoted ?? "");
    if (word) words.push({ not: not === "-", word });
    else if (not) words.push({ not: false, word: not });
  }
  return words;
}

/** @param {Model} m @param {string} text @param {Facts} facts @returns {{matches: Int32Array, error: string}} */
function search(m, text, facts) {
  let error = "";
  const tests = queryWords(text).map(({ not, word }) => {
    const test = wordTest(m, word, facts);
    if (typeof test === "string") error = test;
    return { not, test };
  });
  const found = [];
  if (tests.length && !error) {
    for (let i = 0; i < m.n; i++) {
      if (tests.every(({ not, test }) => typeof test === "function" && test(i) !== not)) found.push(i);
    }
  }
  return { matches: Int32Array.from(found), error };
}

/** @param {Model} m @param {string} word @param {Facts} facts @returns {((i: number) => boolean) | string} a test, or why there is none */
function wordTest(m, word, facts) {
  const low = word.toLowerCase();
  const states = { error: m.isFailed, cancelled: (/** @type {number} */ i) => m.outcome[i] === CANCELLED || m.outcome[i] === NEVER_POLLED, panicked: (/** @type {number} */ i) => m.outcome[i] === PANICKED, open: (/** @type {number} */ i) => m.outcome[i] === OPEN };
  if (low in states) return states[/** @type {keyof typeof states} */ (low)];
  if (low === "critical") {
    const { path } = facts.critical();
    return (i) => path.has(i);
  }
  if (low === "blocked") {
    const blocked = facts.blocked();
    return (i) => blocked.has(i);
  }
  const number = /^(dur|self|busy|wait|poll|polls)(>=?|<=?)(.+)$/.exec(low);
  if (number) {
    const [, what, sign, limitText] = number;
    const limit = what === "polls" ? Number(limitText) : parseDuration(limitText, m.total);
    if (Number.isNaN(limit)) return `“${word}”: a ${what === "polls" ? "number" : "duration such as 10ms, or a share such as 5%,"} is missing after ${sign}`;
    const polled = (/** @type {number} */ i, /** @type {(p: Polls) => number} */ of) => {
      const polls = m.polls.get(i);
      return polls ? of(polls) : NaN;
    };
    const values = {
      dur: (/** @type {number} */ i) => m.dur[i],
      self: (/** @type {number} */ i) => selfTime(m, i),
      busy: (/** @type {number} */ i) => polled(i, (p) => p.busy),
      wait: (/** @type {number} */ i) => polled(i, (p) => m.dur[i] - p.busy),
      poll: (/** @type {number} */ i) => polled(i, (p) => p.longest?.[1] ?? 0),
      polls: (/** @type {number} */ i) => polled(i, (p) => p.count),
    };
    const of = values[/** @type {keyof typeof values} */ (what)];
    return compare(of, sign, limit);
  }
  const has = stringSet(m, (text) => text.includes(low));
  const field = /^(name|service):(.*)$/s.exec(low);
  if (field) {
    const set = stringSet(m, (text) => text.includes(field[2]));
    if (field[1] === "name") return (i) => set[m.name[i]] === 1;
    const services = m.services.map((service) => service.toLowerCase().includes(field[2]));
    return (i) => services[m.service[i]];
  }
  const attribute = /^attr\.(.+?)(?:(=|>=?|<=?)(.*))?$/s.exec(word);
  if (attribute) {
    const [, key, sign, wanted] = attribute;
    const keys = stringSet(m, (text) => text === key.toLowerCase());
    const test = !sign ? () => true : sign === "="
      ? (/** @type {any} */ value) => valueText(value).toLowerCase() === wanted.toLowerCase()
      : compare((value) => Number(valueText(value)), sign, Number(wanted));
    return (i) => {
      const list = m.data.attributes[i];
      for (let a = 0; list && a < list.length; a += 2) if (keys[list[a]] && test(m.value(list[a + 1]))) return true;
      return false;
    };
  }
  const values = (m.data.values ?? []).map((/** @type {any} */ value) => valueText(value).toLowerCase().includes(low));
  const services = m.services.map((service) => service.toLowerCase().includes(low));
  const inList = (/** @type {any} */ list) => {
    for (let a = 0; list && a < list.length; a++) if (list[a] < 0 ? values[-1 - list[a]] : has[list[a]]) return true;
    return false;
  };
  return (i) => has[m.name[i]] === 1 || services[m.service[i]] || inList(m.data.attributes[i])
    || (m.messages.has(i) && has[m.messages.get(i)?.[0]] === 1)
    || (m.events.get(i)?.[0] ?? []).some((/** @type {any[]} */ e) => has[e[0]] || inList(e[2])) || (low.length === 16 && m.id(i) === low);
}

/** @param {(of: any) => number} value @param {string} sign @param {number} limit @returns {(of: any) => boolean} */
function compare(value, sign, limit) {
  return (of) => {
    const v = value(of);
    return sign === ">" ? v > limit : sign === "<" ? v < limit : sign === ">=" ? v >= limit : v <= limit;
  };
}

/** @param {Model} m @param {(low: string) => boolean} test @returns {Uint8Array} which texts pass: each is looked at once, however many spans have it */
function stringSet(m, test) {
  lowStrings.has(m) || lowStrings.set(m, m.strings.map((text) => text.toLowerCase()));
  return Uint8Array.from(/** @type {string[]} */ (lowStrings.get(m)), (text) => Number(test(text)));
}

/** @type {WeakMap<Model, string[]>} */
const lowStrings = new WeakMap();
