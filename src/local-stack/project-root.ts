import { existsSync } from 'node:fs';
import path from 'node:path';

/** The checkout's folder: it holds bin/, dist/ and package.json, wherever this file was built to. */
export function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}
