"use strict";
// Fills in the page what the reader's own browser finds.

(() => {
  const told = JSON.parse(document.getElementById("told").textContent);
  const NIST = { secp256r1: "P-256", secp384r1: "P-384" };

  const say = (id, text, good) => {
    const place = document.getElementById(id);
    place.textContent = text;
    place.classList.toggle("good", good === true);
    place.classList.toggle("bad", good === false);
  };

  const octets = (numeral, size) => Check.fromHex(numeral.toString(16).padStart(2 * size, "0"));

  // What the browser's own cryptography says; null where it has none for the curve, or is not to be had.
  async function browser({ curve, point, octets: message, numbers, size }) {
    if (!NIST[curve] || !globalThis.crypto || !crypto.subtle) return null;
    const algorithm = { name: "ECDSA", namedCurve: NIST[curve], hash: "SHA-256" };
    const both = (pair) => Uint8Array.from([...octets(pair[0], size), ...octets(pair[1], size)]);
    try {
      const key = await crypto.subtle.importKey("raw", Uint8Array.from([4, ...both(point)]), algorithm, false, ["verify"]);
      return await crypto.subtle.verify(algorithm, key, both(numbers), message);
    } catch (error) {
      return null;
    }
  }

  async function sentence(found) {
    if (!found.same) return ["the record is not the one that is named here", false];
    if (!found.known) return ["no key that can be used: check it with the transparency software", undefined];
    const second = await browser(found.subtle);
    if (second !== null && second !== found.valid) return ["your browser and this page disagree", false];
    const by = second === null ? "by this page's own arithmetic" : "by your browser's cryptography";
    const what = found.own ? "" : "; what the meter signed was taken out of the record by the operator";
    return [`${found.valid ? "true" : "NOT TRUE"} (${by}${what})`, found.valid];
  }

  // True when all are, false when one is not; what cannot be told leaves it open.
  const together = (verdicts) => (verdicts.includes(false) ? false : verdicts.includes(undefined) ? undefined : true);

  const OVERALL = new Map([
    [true, "Your browser has checked all signed values: they are true."],
    [false, "Your browser has found something that is NOT TRUE: see below."],
    [undefined, "Your browser could not check all signed values: see below."],
  ]);

  async function check() {
    const verdicts = [];
    const label = document.getElementById("label").value;
    for (const [place, record] of told.records.entries()) {
      const sentences = [];
      const found = Check.record(record, label);
      for (const one of found) sentences.push(await sentence(one));
      const good = sentences.length ? together(sentences.map((one) => one[1])) : undefined;
      verdicts.push(good);
      say(`found-${place}`, sentences.map((one) => one[0]).join("; ") || "nothing that can be checked here", good);
      const readings = found.flatMap((one) => one.readings);
      say(`read-${place}`, readings.map((one) => `${one.value} ${one.unit} at ${one.time}`).join("; "));
    }
    if (told.chain) {
      const good = Check.link(told.chain);
      verdicts.push(good);
      say("chained", good ? "the link's hash is right" : "the link has another hash than its content", good);
    }
    const good = together(verdicts);
    say("overall", OVERALL.get(good), good);
  }

  document.getElementById("label").addEventListener("input", check);
  document.getElementById("form").hidden = false;
  document.getElementById("unscripted").hidden = true;
  check();
})();
