// node heap-kinds.mjs <file.heapsnapshot>: bytes in a heap snapshot, by whose they are. In a process of its own, since
// reading a snapshot takes many times the memory that it tells of.
import { readFileSync } from 'node:fs';

/** What V8 makes for itself, however long a program runs: code compiled and thrown away, shapes of objects. */
const ENGINE = new Set(['code', 'hidden', 'object shape', 'synthetic']);

const { snapshot, nodes } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { node_fields: fields, node_types: types } = snapshot.meta;
const [type, size] = ['type', 'self_size'].map((field) => fields.indexOf(field));
const bytes = { program: 0, engine: 0 };
for (let at = 0; at < nodes.length; at += fields.length)
  bytes[ENGINE.has(types[type][nodes[at + type]]) ? 'engine' : 'program'] += nodes[at + size];
console.log(JSON.stringify(bytes));
