"use strict";
// Checks signed meter values without asking anybody: SHA-256, ECDSA over prime curves, and where OCMF has what.
// Everything here is public, so nothing has to take constant time.

const Check = (() => {
  const CURVES = {};

  function curve(name, p, a, b, n, x, y) {
    const [P, A, B, N, X, Y] = [p, a, b, n, x, y].map((hex) => BigInt("0x" + hex));
    CURVES[name] = { name, p: P, a: A, b: B, n: N, g: [X, Y], octets: Math.ceil(P.toString(2).length / 8) };
  }

  curve("secp192k1",
    "fffffffffffffffffffffffffffffffffffffffeffffee37",
    "0",
    "3",
    "fffffffffffffffffffffffe26f2fc170f69466a74defd8d",
    "db4ff10ec057e9ae26b07d0280b7f4341da5d1b1eae06c7d",
    "9b2f2f6d9c5628a7844163d015be86344082aa88d95e2f9d");
  curve("secp192r1",
    "fffffffffffffffffffffffffffffffeffffffffffffffff",
    "fffffffffffffffffffffffffffffffefffffffffffffffc",
    "64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1",
    "ffffffffffffffffffffffff99def836146bc9b1b4d22831",
    "188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012",
    "7192b95ffc8da78631011ed6b24cdd573f977a11e794811");
  curve("secp224k1",
    "fffffffffffffffffffffffffffffffffffffffffffffffeffffe56d",
    "0",
    "5",
    "10000000000000000000000000001dce8d2ec6184caf0a971769fb1f7",
    "a1455b334df099df30fc28a169a467e9e47075a90f7e650eb6b7a45c",
    "7e089fed7fba344282cafbd6f7e319f7c0b0bd59e2ca4bdb556d61a5");
  curve("secp256k1",
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
    "0",
    "7",
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
  curve("secp256r1",
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
    "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  curve("secp384r1",
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f");
  curve("brainpoolP256r1",
    "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
    "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
    "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
    "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
    "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
    "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997");
  curve("brainpoolP384r1",
    "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
    "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
    "4a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
    "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565",
    "1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e",
    "8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315");

  const K = [];
  const START = [];
  (() => {
    // The constants of FIPS 180-4 (4.2.2, 5.3.3): fractional parts of cube and square roots of the first primes.
    const root = (number, degree) => {
      let low = 0n, high = 1n << 40n;
      while (high - low > 1n) {
        const middle = (low + high) >> 1n;
        if (middle ** degree <= number << (32n * degree)) low = middle; else high = middle;
      }
      return Number(low & 0xffffffffn);
    };
    for (let candidate = 2; K.length < 64; candidate++) {
      let prime = true;
      for (let factor = 2; factor * factor <= candidate; factor++) if (candidate % factor === 0) prime = false;
      if (!prime) continue;
      if (START.length < 8) START.push(root(BigInt(candidate), 2n));
      K.push(root(BigInt(candidate), 3n));
    }
  })();

  function sha256(octets) {
    const length = octets.length;
    const padded = new Uint8Array(((length + 8) >> 6) * 64 + 64);
    padded.set(octets);
    padded[length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(length / 0x20000000));
    view.setUint32(padded.length - 4, (length << 3) >>> 0);
    const state = START.slice();
    const words = new Uint32Array(64);
    const turned = (word, by) => (word >>> by) | (word << (32 - by));
    for (let block = 0; block < padded.length; block += 64) {
      for (let i = 0; i < 16; i++) words[i] = view.getUint32(block + 4 * i);
      for (let i = 16; i < 64; i++) {
        const [one, two] = [words[i - 15], words[i - 2]];
        words[i] = words[i - 16] + words[i - 7] + (turned(one, 7) ^ turned(one, 18) ^ (one >>> 3))
          + (turned(two, 17) ^ turned(two, 19) ^ (two >>> 10));
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
        const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] = (state[i] + word) >>> 0; });
    }
    const digest = new Uint8Array(32);
    state.forEach((word, i) => new DataView(digest.buffer).setUint32(4 * i, word));
    return digest;
  }

  const mod = (a, m) => ((a % m) + m) % m;

  function inverse(a, m) {
    let [r, next, x, y] = [m, mod(a, m), 0n, 1n];
    while (next) [r, next, x, y] = [next, r % next, y, x - (r / next) * y];
    return mod(x, m);
  }

  // Points are [x, y]; null is the point at infinity.
  function sum(c, one, two) {
    if (!one || !two) return one || two;
    let slope;
    if (one[0] === two[0]) {
      if (mod(one[1] + two[1], c.p) === 0n) return null;
      slope = (3n * one[0] * one[0] + c.a) * inverse(2n * one[1], c.p);
    } else {
      slope = (two[1] - one[1]) * inverse(two[0] - one[0], c.p);
    }
    const x = mod(slope * slope - one[0] - two[0], c.p);
    return [x, mod(slope * (one[0] - x) - one[1], c.p)];
  }

  const onCurve = (c, [x, y]) =>
    x < c.p && y < c.p && mod(y * y - x * x * x - c.a * x - c.b, c.p) === 0n;

  function verify(c, point, digest, r, s) {
    if (r <= 0n || s <= 0n || r >= c.n || s >= c.n || !onCurve(c, point)) return false;
    const excess = Math.max(0, digest.length * 8 - c.n.toString(2).length);
    const w = inverse(s, c.n);
    const u = mod((number(digest) >> BigInt(excess)) * w, c.n), v = mod(r * w, c.n);
    const both = sum(c, c.g, point);
    let found = null;
    for (let bit = BigInt(c.n.toString(2).length) - 1n; bit >= 0n; bit--) {
      found = sum(c, found, found);
      const [one, two] = [(u >> bit) & 1n, (v >> bit) & 1n];
      if (one || two) found = sum(c, found, one && two ? both : one ? c.g : point);
    }
    return found !== null && mod(found[0], c.n) === r;
  }

  const hex = (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
  const number = (octets) => (octets.length ? BigInt("0x" + hex(octets)) : 0n);
  const utf8 = (text) => new TextEncoder().encode(text);

  function fromHex(text) {
    const digits = text.replace(/[\s:]/g, "");
    if (!digits || digits.length % 2 || /[^0-9a-f]/i.test(digits)) return null;
    return Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
  }

  function fromBase64(text) {
    const signs = text.replace(/\s/g, "");
    if (!signs || signs.length % 4 || /[^A-Za-z0-9+/=]/.test(signs)) return null;
    try {
      return Uint8Array.from(atob(signs), (sign) => sign.charCodeAt(0));
    } catch (error) {
      return null;
    }
  }

  // The point of a key on a curve: a raw point or SubjectPublicKeyInfo, in hexadecimal, Base64 or PEM.
  function point(text, c) {
    const bare = text.replace(/-----[^-]*-----/g, "").trim().replace(/^oca:base16:asn1:/, "");
    const octets = fromHex(bare) || fromBase64(bare);
    if (!octets) return null;
    const size = c.octets;
    let at = octets.length - 2 * size;
    if (at < 0 || (at > 0 && octets[at - 1] !== 4) || (at > 1 && octets[0] !== 0x30)) return null;
    const found = [number(octets.slice(at, at + size)), number(octets.slice(at + size))];
    return onCurve(c, found) ? found : null;
  }

  // SEQUENCE of two INTEGERs, both unsigned whatever their first bit: meters leave the 00 octet out.
  function der(octets) {
    const element = (data, tag) => {
      if (data.length < 2 || data[0] !== tag) return null;
      let [length, start] = [data[1], 2];
      if (length & 0x80) {
        start = 2 + (length & 0x7f);
        length = Number(number(data.slice(2, start)));
      }
      return length > 0 && length <= data.length - start
        ? [data.slice(start, start + length), data.slice(start + length)] : null;
    };
    const body = element(octets, 0x30);
    const r = body && element(body[0], 2), s = r && element(r[1], 2);
    return s && !s[1].length && !body[1].length ? [number(r[0]), number(s[0])] : null;
  }

  // Where a JSON object ends that begins at a place; -1 when it does not.
  function objectEnd(text, start) {
    let depth = 0, quoted = false;
    for (let i = start; i < text.length; i++) {
      const sign = text[i];
      if (quoted) {
        if (sign === "\\") i++;
        else if (sign === '"') quoted = false;
      } else if (sign === '"') quoted = true;
      else if (sign === "{") depth++;
      else if (sign === "}" && --depth === 0) return i + 1;
    }
    return -1;
  }

  // The OCMF text in what a station sent: the text itself, its hexadecimal or Base64, or JSON around its Base64.
  function ocmfText(octets) {
    const text = new TextDecoder().decode(octets).trim();
    if (text.startsWith("OCMF|")) return text;
    if (text.startsWith("{")) {
      try {
        const told = JSON.parse(text);
        return ocmfText(utf8(told.signedMeterData || told.signedMeterValue || ""));
      } catch (error) {
        return null;
      }
    }
    const inner = fromHex(text) || fromBase64(text);
    return inner ? ocmfText(inner) : null;
  }

  // What an OCMF text has signed, its signature, and its readings, each number as it is written.
  function ocmf(text) {
    const begin = text.indexOf("{"), end = objectEnd(text, begin);
    const next = text.indexOf("{", end), last = objectEnd(text, next);
    if (begin < 0 || end < 0 || next < 0 || last < 0) return null;
    let signature, payload;
    try {
      payload = JSON.parse(text.slice(begin, end));
      signature = JSON.parse(text.slice(next, last));
    } catch (error) {
      return null;
    }
    const data = String(signature.SD || "");
    const numbers = der((signature.SE === "base64" ? fromBase64(data) : fromHex(data)) || new Uint8Array());
    // From bar to bar, with whatever stands around the braces.
    const from = text.indexOf("|") + 1, to = text.lastIndexOf("|", next);
    const written = text.slice(begin, end).match(/"RV"\s*:\s*[^,}\s]+/g) || [];
    const readings = (Array.isArray(payload.RD) ? payload.RD : []).map((one, i) => ({
      time: one && one.TM, unit: one && one.RU, value: (written[i] || "").replace(/^"RV"\s*:\s*/, ""),
    }));
    return { octets: utf8(text.slice(from, to)), numbers, readings };
  }

  // Each signature of a record. `record` is {format, data, sha256, signatures: [{curve, key, message, r, s}]}, all
  // octets in Base64, numbers in hexadecimal; `label` is a key to be believed instead of the register's.
  function record(told, label) {
    const data = fromBase64(told.data) || new Uint8Array();
    const own = told.format === "OCMF" ? ocmf(ocmfText(data) || "") : null;
    return told.signatures.map((signature) => {
      const c = CURVES[signature.curve], key = c && point(label || signature.key, c);
      const octets = own ? own.octets : fromBase64(signature.message);
      const numbers = own && own.numbers ? own.numbers : [BigInt("0x" + signature.r), BigInt("0x" + signature.s)];
      return {
        same: hex(sha256(data)) === told.sha256,
        known: Boolean(key && octets),
        valid: Boolean(key && octets) && verify(c, key, sha256(octets), ...numbers),
        own: Boolean(own),
        readings: own ? own.readings : [],
        subtle: key && octets ? { curve: signature.curve, point: key, octets, numbers, size: c.octets } : null,
      };
    });
  }

  const link = (told) =>
    hex(sha256(utf8(`wattlog link 1\n${told.height}\n${told.previous_sha256}\n${told.record_sha256}\n`)))
      === told.link_sha256;

  return { CURVES, sha256, hex, utf8, verify, point, der, ocmf, ocmfText, fromHex, fromBase64, record, link };
})();

if (typeof module !== "undefined") module.exports = Check;
