// Search inside a trace: it finds, and never hides.

/** @typedef {{critical: () => ReturnType<typeof criticalPath>, blocked: () => Map<number, Blocked>}} Facts */
/** @typedef {(i: number) => any} Test of a span */

/** @param {Model} m @param {string} text words; quotes keep spaces, a minus negates @param {Facts} facts @returns {{matches: number[], error: string}} */
function search(m, text, facts) {
  let error = "";
  /** @type {Test[]} */
  const tests = [];
  for (const [, minus, before, quoted = ""] of text.matchAll(/(-?)([^\s"]*)(?:"([^"]*)"?)?/g)) {
    const word = before + quoted;
    if (!word && !minus) continue;
    // A minus alone is a word.
    const test = wordTest(m, word || minus, facts);
    if (typeof test === "string") error = test;
    else tests.push(minus && word ? (i) => !test(i) : test);
  }
  return { matches: tests.length && !error ? Array.from(m.parent.keys()).filter((i) => tests.every((test) => test(i))) : [], error };
}

/** @param {Model} m @param {string} word @param {Facts} facts @returns {Test | string} a test, or why there is none */
function wordTest(m, word, facts) {
  const low = word.toLowerCase();
  const ended = (/** @type {number[]} */ ...outcomes) => (/** @type {number} */ i) => outcomes.includes(m.outcome[i]);
  const { path } = facts.critical(), blocked = facts.blocked();
  const state = new Map(/** @type {[string, Test][]} */ ([
    ["error", m.isFailed], ["cancelled", ended(CANCELLED, NEVER_POLLED)], ["panicked", ended(PANICKED)], ["open", ended(OPEN)], ["critical", (i) => path.has(i)], ["blocked", (i) => blocked.has(i)],
  ])).get(low);
  if (state) return state;
  const [, what, sign = "", wanted] = /^(dur|self|busy|wait|poll|polls)(>=?|<=?)(.+)$/.exec(low) ?? [];
  if (what) {
    const limit = what === "polls" ? Number(wanted) : parseDuration(wanted, m.total);
    if (isNaN(limit)) return `“${word}” needs ${what === "polls" ? "a number" : "a duration such as 10ms or 5%"}.`;
    return compare(/** @type {Record<string, Test>} */ ({
      dur: (i) => m.dur[i], self: (i) => selfTime(m, i), busy: (i) => m.polls.get(i)?.busy, wait: (i) => m.dur[i] - (m.polls.get(i)?.busy ?? NaN),
      poll: (i) => m.polls.get(i)?.longest[1], polls: (i) => m.polls.get(i)?.count,
    })[what], sign, limit);
  }
  const [, field, part = low] = /^(name|service):(.*)$/s.exec(low) ?? [];
  const has = textTest(m.strings, (text) => text.includes(part)), services = textTest(m.services, (text) => text.includes(part));
  if (field) return field === "name" ? (i) => has[m.name[i]] : (i) => services[m.service[i]];
  const [attribute, key, relation, than] = /^attr\.(.+?)(?:(=|>=?|<=?)(.*))?$/s.exec(word) ?? [];
  if (attribute) {
    const keys = textTest(m.strings, (text) => text === key.toLowerCase());
    const test = !relation ? () => true : relation === "="
      ? (/** @type {any} */ value) => valueText(value).toLowerCase() === than.toLowerCase()
      : compare((value) => Number(valueText(value)), relation, Number(than));
    return (i) => (m.data.attributes[i] || []).some((/** @type {number} */ of, /** @type {number} */ k, /** @type {number[]} */ list) => k % 2 === 0 && keys[of] && test(m.value(list[k + 1])));
  }
  const values = textTest((m.data.values ?? []).map(valueText), (text) => text.includes(low));
  const inList = (/** @type {any} */ list) => (list || []).some((/** @type {number} */ of) => (of < 0 ? values[-1 - of] : has[of]));
  return (i) => has[m.name[i]] || services[m.service[i]] || inList(m.data.attributes[i]) || has[m.messageOf(i) ?? -1]
    || m.eventsOf(i).some((/** @type {any[]} */ e) => has[e[0]] || inList(e[2])) || m.id(i) === low;
}

/** @param {(of: any) => any} value @param {string} sign @param {number} limit @returns {(of: any) => boolean} */
function compare(value, sign, limit) {
  return (of) => {
    const v = value(of);
    return (sign[1] && v === limit) || (sign[0] === ">" ? v > limit : v < limit);
  };
}

/** @param {string[]} texts @param {(low: string) => boolean} test @returns {Uint8Array} which pass: each is looked at once, however many spans have it */
function textTest(texts, test) {
  return Uint8Array.from(texts, (text) => Number(test(text.toLowerCase())));
}
