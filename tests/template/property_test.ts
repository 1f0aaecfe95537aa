import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import process from "node:process";
import { renderTemplate } from "../../src/template/mod.ts";
import { test } from "../support/test.ts";
import { checkTemplate, randomTemplate } from "./random_template.ts";

const seed = Number(process.env.PILOTED_SEED ?? Date.now() % 2 ** 31);

/** A text as a template's literal, whatever is in it. */
function literal(text: string): string {
  const escaped = Array.from(
    new TextEncoder().encode(text),
    (byte) => `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${escaped.join("")}"`;
}

/** Any text without lone surrogates, which UTF-8 can't hold. */
const anyText = fc.string({ unit: "binary", maxLength: 30 }).map((text) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text))
);

test(`renderTemplate() ends in a text or a PilotedError, with PILOTED_SEED=${seed}`, async () => {
  const outcomes = { rendered: 0, parse: 0, exec: 0 };
  await fc.assert(
    fc.asyncProperty(randomTemplate, async (template) => {
      outcomes[await checkTemplate(template)]++;
    }),
    { seed, numRuns: 5_000 },
  );
  // The templates are of use only while there are enough of each kind.
  assert(Math.min(...Object.values(outcomes)) > 250, JSON.stringify(outcomes));
});

test(`renderTemplate() gives back a text without actions, with PILOTED_SEED=${seed}`, async () => {
  const plain = fc.string({ unit: "binary" }).map((text) => text.replaceAll("{{", "{"));
  await fc.assert(
    fc.asyncProperty(plain, async (text) => {
      assertEquals(await renderTemplate(text, { env: {} }), text);
    }),
    { seed, numRuns: 1_000 },
  );
});

test(`printf "%q" gives a literal that reads back, with PILOTED_SEED=${seed}`, async () => {
  await fc.assert(
    fc.asyncProperty(anyText, fc.constantFrom("%q", "%+q", "%#q", "%#+q"), async (text, format) => {
      const quoted = await renderTemplate(`{{printf "${format}" .TEXT}}`, { env: { TEXT: text } });
      assertEquals(await renderTemplate(`{{${quoted}}}`, { env: {} }), text);
    }),
    { seed, numRuns: 2_000 },
  );
});

test(`every byte comes back from its escape, with PILOTED_SEED=${seed}`, async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      assertEquals(await renderTemplate(`{{${literal(text)}}}`, { env: {} }), text);
      const equal = await renderTemplate(`{{eq .T ${literal(text)}}}{{len .T}}`, {
        env: { T: text },
      });
      assertEquals(equal, `true${new TextEncoder().encode(text).length}`);
    }),
    { seed, numRuns: 1_000 },
  );
});

test(`printf "%v" of a float reads back as the same float, with PILOTED_SEED=${seed}`, async () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  await fc.assert(
    fc.asyncProperty(finite, async (value) => {
      const source = value.toExponential();
      const formats = ["%v", "%x", "%.17g", "%.17e"];
      for (const format of formats) {
        const shown = await renderTemplate(`{{printf "${format}" ${source}}}`, { env: {} });
        const literal = /[.ep]/.test(shown) ? shown : `${shown}.0`;
        const same = await renderTemplate(`{{eq ${source} ${literal}}}`, { env: {} });
        assertEquals(same, "true", `${format} ${source} ${shown}`);
      }
    }),
    { seed, numRuns: 1_000 },
  );
});

test(`printf "%f" and "%e" round as exact arithmetic does, with PILOTED_SEED=${seed}`, async () => {
  // Numbers of few binary digits, so that many lie exactly between two decimals.
  const dyadic = fc.tuple(fc.integer({ min: 1, max: 4095 }), fc.integer({ min: 0, max: 8 }));
  await fc.assert(
    fc.asyncProperty(dyadic, fc.nat({ max: 4 }), async ([numerator, power], precision) => {
      const value = numerator / 2 ** power;
      const scaled = numerator * 10 ** precision / 2 ** power;
      const below = Math.floor(scaled);
      const isUp = scaled - below > 0.5 || scaled - below === 0.5 && below % 2 === 1;
      const digits = String(below + (isUp ? 1 : 0)).padStart(precision + 1, "0");
      const expected = precision === 0
        ? digits
        : `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
      const template = `{{printf "%.${precision}f" ${value.toExponential()}}}`;
      assertEquals(await renderTemplate(template, { env: {} }), expected, template);
    }),
    { seed, numRuns: 1_000 },
  );
});

test(`split and join undo each other, with PILOTED_SEED=${seed}`, async () => {
  const separator = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(anyText, separator, async (text, by) => {
      const template = "{{join .BY (split .BY .TEXT)}}";
      const joined = await renderTemplate(template, { env: { TEXT: text, BY: by } });
      // The white space of Go's TrimSpace, which JavaScript's trim() sees a little differently.
      assertEquals(joined, text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, ""));
    }),
    { seed, numRuns: 1_000 },
  );
});

test(`lt orders strings by their bytes, with PILOTED_SEED=${seed}`, async () => {
  await fc.assert(
    fc.asyncProperty(anyText, anyText, async (A, B) => {
      const [a, b] = [A, B].map((text) => new TextEncoder().encode(text));
      const at = a!.findIndex((byte, index) => byte !== b![index]);
      const isLess = at < 0 ? a!.length < b!.length : a![at]! < (b![at] ?? -1);
      assertEquals(await renderTemplate("{{lt .A .B}}", { env: { A, B } }), String(isLess));
    }),
    { seed, numRuns: 500 },
  );
});
