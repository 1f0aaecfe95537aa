/**
 * `test(name, fn)`: node:test on Node and Bun, `Deno.test` on Deno. On Deno node:test would disable
 * the sanitizers that find leaks.
 */
import process from "node:process";
import nodeTest from "node:test";

type TestFunction = () => void | Promise<void>;

export interface TestOptions {
  /** Why the test cannot run here. The reason is printed. */
  skip?: string | false;
  /** Milliseconds after which the test fails. @default {60_000} */
  timeout?: number;
}

interface DenoTest {
  test(definition: {
    name: string;
    ignore: boolean;
    sanitizeOps: boolean;
    sanitizeResources: boolean;
    fn: TestFunction;
  }): void;
}

const deno = (globalThis as { Deno?: DenoTest }).Deno;

// Node's reporter does not say which file a failed test is in. Each file is a process of its own.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  process.on("exit", (code) => {
    if (code !== 0) console.error(`Failed file: ${process.argv[1]}`);
  });
}

/** Registers a test, which has no subtests. */
export function test(name: string, fn: TestFunction): void;
export function test(name: string, options: TestOptions, fn: TestFunction): void;
export function test(
  name: string,
  second: TestOptions | TestFunction,
  third?: TestFunction,
): void {
  const options = typeof second === "function" ? {} : second;
  const fn = typeof second === "function" ? second : third!;
  const { timeout = 60_000 } = options;
  const label = options.skip ? `${name} (skipped: ${options.skip})` : name;
  if (deno) {
    deno.test({
      name: label,
      ignore: Boolean(options.skip),
      sanitizeOps: true,
      sanitizeResources: true,
      fn: () => within(timeout, fn),
    });
  } else {
    nodeTest(label, { skip: Boolean(options.skip), timeout }, fn);
  }
}

async function within(ms: number, fn: TestFunction): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([
      fn(),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`Test ran longer than ${ms} ms`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
