import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** CPU seconds a rival needs for one page, or why that could not be measured. */
export interface RivalResult {
  readonly secondsPerPage: number | undefined;
  readonly why: string;
}

const GO_MODULE = 'github.com/prometheus/prometheus';
/** Any release with the parser's current signature; pinned so that runs can be compared. */
const GO_VERSION = 'v0.304.2';

/** Reads each page as Prometheus does before it stores: series, labels, value, timestamp. */
const GO_PROGRAM = `package main

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func main() {
	var pages [][]byte
	for _, name := range os.Args[1:] {
		b, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		pages = append(pages, b)
	}
	table := labels.NewSymbolTable()
	var sum float64
	parse := func(b []byte) {
		p := textparse.NewPromParser(b, table)
		for {
			e, err := p.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				panic(err)
			}
			if e == textparse.EntrySeries {
				_, _, v := p.Series()
				sum += v
			}
		}
	}
	best := 1e9
	for round := 0; round < 6; round++ {
		start, n := cpu(), 0
		for cpu()-start < 0.4 {
			for _, b := range pages {
				parse(b)
				n++
			}
		}
		if s := (cpu() - start) / float64(n); round > 0 && s < best {
			best = s
		}
	}
	fmt.Println(best, sum != 0)
}
`;

/** Prometheus' own parser, built from the Go module proxy in a temporary folder. */
export async function goParser(pages: readonly Buffer[]): Promise<RivalResult> {
  return inScratch(async (folder) => {
    const files = await Promise.all(
      pages.map(async (page, i) => {
        const file = path.join(folder, `page-${i}.txt`);
        await writeFile(file, page);
        return file;
      }),
    );
    await writeFile(path.join(folder, 'main.go'), GO_PROGRAM);
    await writeFile(path.join(folder, 'go.mod'), 'module rival\n\ngo 1.23\n');
    const options = { cwd: folder, timeout: 300_000 };
    await run('go', ['get', `${GO_MODULE}@${GO_VERSION}`], options);
    await run('go', ['mod', 'tidy'], options);
    await run('go', ['build', '-o', 'rival', '.'], options);
    // One core, as ours: its collector would otherwise run beside it, and be counted all the same.
    const env = { ...process.env, GOMAXPROCS: '1' };
    const { stdout } = await run(path.join(folder, 'rival'), files, { ...options, env });
    return Number(stdout.split(' ')[0]);
  });
}

type TextParser = (text: string) => unknown;

/** The parser most used with Node, fetched into a temporary folder. */
export async function npmParser(
  pages: readonly Buffer[],
  measure: (once: (call: number) => void) => number,
): Promise<RivalResult> {
  return inScratch(async (folder) => {
    await writeFile(path.join(folder, 'package.json'), '{"private":true}');
    const install = ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'];
    await run('npm', [...install, 'parse-prometheus-text-format@1.1.1'], {
      cwd: folder,
      timeout: 120_000,
    });
    const load = createRequire(path.join(folder, 'package.json'));
    const loaded = load('parse-prometheus-text-format') as TextParser | { default: TextParser };
    const parse = typeof loaded === 'function' ? loaded : loaded.default;
    return measure((call) => parse(pages[call % pages.length]!.toString()));
  });
}

async function inScratch(work: (folder: string) => Promise<number>): Promise<RivalResult> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'paramedic-bench-'));
  try {
    return { secondsPerPage: await work(folder), why: '' };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n').slice(0, 3).join(' ') : 'failed';
    return { secondsPerPage: undefined, why: `could not be measured here (${why})` };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}
