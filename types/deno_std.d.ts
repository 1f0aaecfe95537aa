// Types of what Piloted uses of Deno's standard library. The npm package that carries it to Node,
// Bun and machines without JSR ships no types; published packages use JSR's own.

declare module "@std/assert" {
  type ErrorClass<E> = abstract new (...args: never[]) => E;
  type Class = abstract new (...args: never[]) => unknown;

  export class AssertionError extends Error {}
  export function assert(expr: unknown, message?: string): asserts expr;
  export function assertFalse(expr: unknown, message?: string): void;
  export function assertEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    message?: string,
  ): asserts actual is T;
  export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertExists<T>(
    actual: T,
    message?: string,
  ): asserts actual is NonNullable<T>;
  export function assertInstanceOf<C extends Class>(
    actual: unknown,
    expected: C,
    message?: string,
  ): asserts actual is InstanceType<C>;
  export function assertNotInstanceOf(actual: unknown, unexpected: Class, message?: string): void;
  export function assertIsError<E extends Error = Error>(
    error: unknown,
    errorClass?: ErrorClass<E>,
    messageMatches?: string | RegExp,
    message?: string,
  ): asserts error is E;
  export function assertMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertNotMatch(actual: string, unexpected: RegExp, message?: string): void;
  export function assertStringIncludes(actual: string, expected: string, message?: string): void;
  export function assertArrayIncludes<T>(
    actual: ArrayLike<T>,
    expected: ArrayLike<T>,
    message?: string,
  ): void;
  export function assertObjectMatch(actual: object, expected: object, message?: string): void;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    message?: string,
  ): void;
  export function assertGreater<T>(actual: T, expected: T, message?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void;
  export function assertLess<T>(actual: T, expected: T, message?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void;
  export function assertThrows(fn: () => unknown, message?: string): unknown;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    errorClass: ErrorClass<E>,
    messageIncludes?: string,
    message?: string,
  ): E;
  export function assertRejects(
    fn: () => PromiseLike<unknown>,
    message?: string,
  ): Promise<unknown>;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: ErrorClass<E>,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
  export function equal(a: unknown, b: unknown): boolean;
  export function fail(message?: string): never;
  export function unreachable(reason?: string): never;
}

declare module "@std/path" {
  export const DELIMITER: string;
  export const SEPARATOR: string;
  export function basename(path: string | URL, suffix?: string): string;
  export function dirname(path: string | URL): string;
  export function extname(path: string | URL): string;
  export function fromFileUrl(url: string | URL): string;
  export function isAbsolute(path: string): boolean;
  export function join(path?: string | URL, ...paths: string[]): string;
  export function normalize(path: string | URL): string;
  export function relative(from: string, to: string): string;
  export function resolve(...paths: string[]): string;
  export function toFileUrl(path: string): URL;
}

declare module "@std/fmt/bytes" {
  export interface FormatOptions {
    bits?: boolean;
    binary?: boolean;
    signed?: boolean;
    locale?: boolean | string | string[];
    minimumFractionDigits?: number;
    maximumFractionDigits?: number;
  }
  export function format(num: number, options?: FormatOptions): string;
}

declare module "@std/fmt/colors" {
  export function getColorEnabled(): boolean;
  export function setColorEnabled(value: boolean): void;
  export function blue(text: string): string;
  export function bold(text: string): string;
  export function cyan(text: string): string;
  export function dim(text: string): string;
  export function gray(text: string): string;
  export function green(text: string): string;
  export function magenta(text: string): string;
  export function red(text: string): string;
  export function stripAnsiCode(text: string): string;
  export function underline(text: string): string;
  export function yellow(text: string): string;
}

declare module "@std/fmt/duration" {
  export interface FormatOptions {
    style?: "narrow" | "digital" | "full";
    ignoreZero?: boolean;
  }
  export function format(ms: number, options?: FormatOptions): string;
}
