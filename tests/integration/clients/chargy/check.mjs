// What Chargy says of documents: lines of {"name", "text"} in, lines of {"name", "status", "values"} out.
// Its core is a folder with dist/node/index.js and the packages that it needs, named by CHARGY_CORE.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const core = process.env.CHARGY_CORE;
const need = createRequire(`${core}/package.json`);
globalThis.DOMParser = need("@xmldom/xmldom").DOMParser;
globalThis.window = { navigator: { language: "en" } };

const { Chargy } = await import(pathToFileURL(`${core}/dist/node/index.js`));
const chargy = new Chargy({}, ["en"], need("elliptic"), need("moment"), need("asn1.js"), need("base32-decode"), () => "");

for await (const line of createInterface({ input: process.stdin })) {
  const { name, text } = JSON.parse(line);
  let found;
  try {
    found = await chargy.DetectAndConvertContentFormat([{ name: `${name}.xml`, data: new TextEncoder().encode(text) }]);
  } catch (error) {
    found = { status: `${error}` };
  }
  const session = found?.chargingSessions?.[0];
  const status = session?.verificationResult?.status ?? found?.status ?? "nothing";
  const values = (session?.measurements ?? []).flatMap((one) => one.values.map((value) => value.result?.status ?? "nothing"));
  console.log(JSON.stringify({ name, status, values }));
}
