import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeColumns } from '../src/adapters/history/columns.js';
import { rcaEvidence } from './rca-evidence.js';

/**
 * Program: serves the history of so many series and prints its port. Runs in a process of its own, so that
 * only what the analysis does is measured.
 */
const bytes = encodeColumns(rcaEvidence(Number(process.argv[2])).series);
const server = http.createServer((_, response) => response.end(bytes));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
// The bench closes this end when it is done, or dies.
process.stdin.on('end', () => process.exit(0)).resume();
