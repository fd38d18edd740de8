// Writes schema.json: the JSON Schema of the Bot API, from the TypeScript declarations of the npm
// package @gramio/types, which is generated from Telegram's own reference. Without descriptions. The
// package is under the MIT license, which stands in schema.json.LICENSE.
//
// Only whoever moves to another version of the Bot API runs it, in a folder of its own:
//
//   npm install -E @gramio/types@10.3.1 typescript@5.9.3
//   node .../tests/peers/telegram/generate_schema.mjs > .../tests/peers/telegram/schema.json
//
// `methods` holds for each method the schema of its `parameters` and of its `result`; the types
// they name are in `$defs`. The declarations do not tell integers from other numbers. A file to be
// uploaded stands in a request as "attach://" and the name of its part.

import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.cwd(), "anything"));
const ts = require("typescript");
const home = path.join(process.cwd(), "node_modules", "@gramio", "types");
const { name, version } = require(path.join(home, "package.json"));

const source = path.join(home, "out", "methods.d.ts");
const program = ts.createProgram([source], { strict: true });
const checker = program.getTypeChecker();
const definitions = { InputFile: { type: "string", pattern: "^attach://" } };

/** The schema of a type; a type with a name becomes a definition, and a reference to it. */
function schemaOf(type) {
  if (type.symbol?.name === "Blob") return refer("InputFile");
  const named = type.aliasSymbol ?? (type.getFlags() & ts.TypeFlags.Object ? type.symbol : null);
  const known = named && !named.name.startsWith("__") && !checker.isArrayType(type);
  if (!known) return bodyOf(type);
  const title = named.name.replace(/^Telegram/, "");
  if (!(title in definitions)) {
    definitions[title] = null; // it may hold itself
    definitions[title] = bodyOf(type);
  }
  return refer(title);
}

const refer = (title) => ({ $ref: `#/$defs/${title}` });

function bodyOf(type) {
  const flags = type.getFlags();
  if (flags & ts.TypeFlags.Boolean) return { type: "boolean" };
  if (flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === "true" };
  if (type.isLiteral()) return { const: type.value };
  if (flags & ts.TypeFlags.String) return { type: "string" };
  if (flags & ts.TypeFlags.Number) return { type: "number" };
  if (type.isUnion()) return unionOf(type.types);
  if (checker.isArrayType(type)) {
    return { type: "array", items: schemaOf(checker.getTypeArguments(type)[0]) };
  }
  if (flags & ts.TypeFlags.Object) return objectOf(type);
  throw new Error(`no schema for ${checker.typeToString(type)}`);
}

function unionOf(types) {
  // What a library may pass instead of a value, to be written by itself, is no part of the API.
  const sent = types.filter((one) => !one.getProperty("toJSON") && !isWritable(one));
  const literals = sent.filter((one) => one.isLiteral());
  const others = sent.filter((one) => !one.isLiteral()).map(schemaOf);
  const parts = literals.length ? [{ enum: literals.map((one) => one.value) }, ...others] : others;
  const distinct = [...new Map(parts.map((part) => [JSON.stringify(part), part])).values()];
  return distinct.length === 1 ? distinct[0] : { anyOf: distinct };
}

const isWritable = (type) => type.symbol?.name === "__type" && type.getProperty("toString");

function objectOf(type) {
  const properties = {};
  const required = [];
  for (const property of checker.getPropertiesOfType(type)) {
    const declared = property.valueDeclaration;
    properties[property.name] = schemaOf(checker.getTypeFromTypeNode(declared.type));
    if (!declared.questionToken) required.push(property.name);
  }
  return { type: "object", properties, required, additionalProperties: false };
}

const methods = {};
const declarations = program.getSourceFile(source).statements;
const map = declarations.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === "APIMethods");
for (const member of map.members) {
  const given = member.type.typeArguments.map((node) => checker.getTypeFromTypeNode(node));
  const result = given.pop();
  const parameters = given.length
    ? bodyOf(given[0])
    : { type: "object", properties: {}, required: [], additionalProperties: false };
  methods[member.name.text] = { parameters, result: schemaOf(result) };
}
// What a method does not name, and the wire carries: what came to pass, and what was refused.
const objects = program.getSourceFile(path.join(home, "out", "objects.d.ts")).statements;
for (const title of ["TelegramUpdate", "TelegramAPIResponseError"]) {
  schemaOf(checker.getTypeAtLocation(objects.find((one) => one.name?.text === title)));
}

// A line for each method and each type, so that a new version shows what it changed.
const lines = (entries) =>
  Object.keys(entries).sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(entries[key])}`).join(",\n");
const draft = "https://json-schema.org/draft/2020-12/schema";
process.stdout.write(
  `{"$schema":"${draft}",\n"$comment":"Generated by generate_schema.mjs from ${name}@${version} (schema.json.LICENSE)",\n` +
    `"methods":{\n${lines(methods)}\n},\n"$defs":{\n${lines(definitions)}\n}}\n`,
);
