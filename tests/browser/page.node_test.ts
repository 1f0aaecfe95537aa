/**
 * The page in a real Chromium. `$CHROMIUM_BIN`, one on PATH, or what scripts/get_chromium.ts unpacks.
 * Screenshots are written to .cache/screenshots/.
 */
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import axe from "axe-core";
import { mkdir } from "node:fs/promises";
import { after, before } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { test } from "../support/test.ts";
import { register, SCREENSHOTS, skipWithoutChromium, startChromium, withSite } from "./support.ts";

const skip = await skipWithoutChromium();
let browser: Browser;
before(async () => {
  if (!skip) browser = await startChromium();
});
after(() => browser?.close());

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

async function withPage(
  url: string,
  run: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // Refused connections are part of some tests.
    if (message.type() === "error" && !/ERR_|401|404/.test(message.text())) {
      faults.push(message.text());
    }
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) faults.push(request.url());
  });
  try {
    await page.goto(url);
    await run(page);
    assertEquals(faults, []);
  } finally {
    await context.close();
  }
}

const LIVE = /^Live updates on$/;
const NOT_LIVE = /^Live updates off/;
const connection = (page: Page, text: RegExp) =>
  page.locator("#connection", { hasText: text }).waitFor();

const row = (page: Page, service: string) => page.locator(`#service-${service}`);

/** Width of the page; more than that of the window is scrolled sideways. */
const contentWidth = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

/** Nodes of every kind, in the browser. */
function countNodes(): number {
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
  let count = 0;
  while (walker.nextNode()) count++;
  return count;
}

/** Faults that axe-core calls serious or critical. */
async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

test(
  "the page shows a registration within a second",
  { skip },
  () =>
    withSite(({ consul, url }) =>
      withPage(url, async (page) => {
        await connection(page, LIVE);
        const times: number[] = [];
        for (const number of [4, 5, 6]) {
          const startedAt = performance.now();
          register(consul, "customers", number);
          await row(page, "customers").getByText(String(number), { exact: true }).waitFor();
          times.push(performance.now() - startedAt);
        }
        // A busy machine may delay one of them, not all three.
        assertLess(Math.min(...times), 1_000, `took ${times.map(Math.round)} ms`);
        await page.getByText("10.0.0.6:8006 joined (6 endpoints)").waitFor();
      })
    ),
);

test(
  "the page shows that lists are stale when Consul stops",
  { skip },
  () =>
    withSite(({ agent, url }) =>
      withPage(url, async (page) => {
        await connection(page, LIVE);
        await page.getByText("1 of 3 services in trouble").waitFor();
        await agent.close();
        await row(page, "customers").getByText(/^Stale for/).waitFor();
        await page.getByText("3 of 3 services in trouble").waitFor();
        assertStringIncludes(await page.title(), "(3) Services");
        // The last good list stays.
        assertStringIncludes(await row(page, "customers").innerText(), "3");
        await page.getByRole("link", { name: "customers" }).first().click();
        await page.locator("#headline", { hasText: "Stale: the registry does not respond" })
          .waitFor();
        await page.getByText("Instances could not be read now.").waitFor();
        await page.getByText("10.0.0.1:8001", { exact: true }).waitFor();
      })
    ),
);

test(
  "the page shows when updates are off, and reconnects after a restart of the server",
  { skip },
  () =>
    withSite(({ consul, url, stop, start }) =>
      withPage(url, async (page) => {
        await connection(page, LIVE);
        await stop();
        await connection(page, NOT_LIVE);
        register(consul, "orders", 7);
        await start();
        await connection(page, LIVE);
        await row(page, "orders").getByText("2", { exact: true }).waitFor();
      })
    ),
);

test(
  "the page works with the keyboard alone",
  { skip },
  () =>
    withSite(({ url }) =>
      withPage(url, async (page) => {
        await connection(page, LIVE);
        await page.keyboard.press("Tab");
        assertEquals(
          await page.evaluate(() => document.activeElement?.textContent),
          "Skip to content",
        );
        await page.keyboard.press("Enter");
        assertEquals(await page.evaluate(() => document.activeElement?.id), "main");
        await page.keyboard.press("/");
        await page.keyboard.type("orders");
        await row(page, "customers").waitFor({ state: "detached" });
        assert(await row(page, "orders").isVisible());
        assertStringIncludes(page.url(), "?q=orders");
        await page.keyboard.press("Enter");
        await page.waitForURL("**/services/orders");
        assertEquals(await page.locator("h1").textContent(), "orders");
        await page.getByRole("table", { name: "Instances of orders" }).waitFor();
      })
    ),
);

test(
  "a search is kept while the page updates itself",
  { skip },
  () =>
    withSite(({ consul, url }) =>
      withPage(url, async (page) => {
        await connection(page, LIVE);
        await page.getByRole("searchbox").fill("10.0.0.9");
        await page.getByText("No service matches the search.").waitFor();
        register(consul, "search", 9);
        await row(page, "search").waitFor();
        assertEquals(await page.locator("#services tbody tr").count(), 1);
        assertEquals(await page.getByRole("searchbox").inputValue(), "10.0.0.9");
      })
    ),
);

test(
  "the focus stays where it is while lines move",
  { skip },
  () =>
    withSite(({ consul, url }) =>
      withPage(url, async (page) => {
        await connection(page, LIVE);
        const names = page.locator("#services tbody th");
        assertEquals(await names.allInnerTexts(), ["search", "orders", "customers"]);
        await page.getByRole("link", { name: "orders" }).first().focus();
        // All lines but its own go elsewhere.
        register(consul, "search", 9);
        consul.setStatus("orders-1", "passing");
        await page.locator("#services tbody tr:last-child#service-search").waitFor();
        await page.locator("#services tbody tr:first-child#service-customers").waitFor();
        const focused = () => page.evaluate(() => document.activeElement?.textContent);
        assertEquals(await focused(), "orders");
      })
    ),
);

test(
  "400 services: trouble in the first screen, tabs that filter, at most 2,000 nodes",
  { skip },
  () =>
    withSite(({ consul, url }) =>
      withPage(url, async (page) => {
        await connection(page, LIVE);
        // In the middle of the alphabet, and last in the configuration.
        for (const number of [1, 2]) {
          consul.setStatus(`app-397-${number}`, "critical", "GET /health: 500 out of memory");
        }
        const down = row(page, "app-397");
        await down.getByText("Empty").waitFor();
        // On a busy machine other services are late for a while.
        await page.getByRole("link", { name: "2 of 400 services in trouble" }).waitFor();
        const names = page.locator("#services tbody th");
        assertEquals(await names.allInnerTexts().then((all) => all.slice(0, 5)), [
          ...["app-397", "search", "orders", "app-1", "app-2"],
        ]);
        const box = (await down.boundingBox())!;
        assertLess(box.y + box.height, WIDE.height, "it is below the first screen");
        assertLess(box.height, 45, "it takes more than a line");
        assertLess(await page.evaluate(countNodes), 2_000);
        await page.getByRole("link", { name: "2 of 400 services in trouble" }).click();
        await page.waitForURL("**/?show=trouble");
        assertEquals(await names.allInnerTexts(), ["app-397", "search"]);
        await page.getByRole("link", { name: "All 400" }).click();
        await page.getByRole("link", { name: "Next" }).click();
        await page.waitForURL("**/?page=2");
        assertEquals(await names.count(), 100);
        await page.getByRole("searchbox").fill("app-397");
        await page.keyboard.press("Enter");
        await page.waitForURL("**/services/app-397");
        await page.getByText("GET /health: 500 out of memory").first().waitFor();
        assertEquals(await page.getByText("GET /health: 500 out of memory").count(), 2);
        assertStringIncludes(
          (await page.locator("#command").textContent())!,
          `curl -s '${url}/v1/services/app-397/endpoint'`,
        );
      }), { more: 397 }),
);

test(
  "a service's page counts picks and shows the output of checks while it is open",
  { skip },
  () =>
    withSite(({ consul, url }) =>
      withPage(`${url}/services/customers`, async (page) => {
        await connection(page, LIVE);
        assertEquals(await page.getByText("Picks").count(), 0);
        for (let i = 0; i < 150; i++) await fetch(`${url}/v1/services/customers/endpoint`);
        await page.getByText("50 (33 %)").nth(2).waitFor();
        consul.setStatus("customers-2", "critical", "<b>disk</b> is full");
        await page.getByText("<b>disk</b> is full").waitFor();
        assertStringIncludes(await page.locator("#headline").innerText(), "2 endpoints handed out");
      })
    ),
);

test(
  "both themes have their own colours, and no page scrolls sideways on a telephone",
  { skip },
  () =>
    withSite(async ({ consul, url }) => {
      const long = "a-".repeat(40) + "very-long-name";
      consul.setStatus("customers-1", "critical", `x${"=".repeat(500)}y`);
      const grounds: string[] = [];
      for (const colorScheme of ["light", "dark"] as const) {
        for (const path of ["/", "/services/customers", `/services/${long}`, "/?show=trouble"]) {
          await withPage(url + path, async (page) => {
            assertEquals(await contentWidth(page), NARROW.width, path);
            grounds.push(
              await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
            );
          }, { colorScheme, viewport: NARROW });
        }
      }
      assertEquals(new Set(grounds.slice(0, 4)).size, 1);
      assertEquals([...new Set(grounds)].length, 2);
    }),
);

test(
  "the page works without JavaScript",
  { skip },
  () =>
    withSite(({ url }) =>
      withPage(url, async (page) => {
        assertStringIncludes((await page.locator("#connection").textContent())!, "As of ");
        assertEquals(await page.locator("tbody tr").count(), 3);
        await page.getByRole("searchbox").fill("v3");
        await page.getByRole("button", { name: "Search" }).click();
        await page.waitForURL("**/?q=v3");
        assertEquals(await page.locator("#services tbody tr").count(), 1);
        await page.getByRole("link", { name: "customers" }).first().click();
        await page.getByRole("table", { name: "Instances of customers" }).waitFor();
        assertEquals(await page.locator("table").first().locator("tbody tr").count(), 3);
      }, { javaScriptEnabled: false })
    ),
);

test(
  "a user signs in, and gets live updates",
  { skip },
  () =>
    withSite(({ url }) =>
      withPage(url, async (page) => {
        await page.getByLabel("Token").fill("wrong");
        await page.keyboard.press("Enter");
        await page.getByRole("alert").waitFor();
        assertEquals(await seriousFaults(page), []);
        await page.getByLabel("Token").fill("long-secret");
        await page.keyboard.press("Enter");
        await connection(page, LIVE);
      }), { env: { PILOTED_TOKEN: "long-secret" } }),
);

test(
  "axe-core finds no serious fault in either theme at either width",
  { skip },
  () =>
    withSite(async ({ consul, agent, url }) => {
      await mkdir(SCREENSHOTS, { recursive: true });
      const extremes = [
        { colorScheme: "light", viewport: WIDE },
        { colorScheme: "dark", viewport: NARROW },
      ] as const;
      for (const path of ["/", "/services/customers", "/services/nope", "/docs"]) {
        for (const options of extremes) {
          await withPage(url + path, async (page) => {
            if (!/docs|nope/.test(path)) await connection(page, LIVE);
            assertEquals(await seriousFaults(page), [], `${path} ${options.colorScheme}`);
            assertEquals(await contentWidth(page), options.viewport.width, "it scrolls sideways");
          }, options);
        }
      }
      register(consul, "customers", 4);
      consul.deregister("customers-2");
      await agent.close();
      for (const colorScheme of ["light", "dark"] as const) {
        for (const viewport of [WIDE, NARROW]) {
          await withPage(url, async (page) => {
            await row(page, "orders").getByText(/^Stale for/).waitFor();
            assertEquals(await seriousFaults(page), [], `stale, ${colorScheme}`);
            const path = `${SCREENSHOTS}page-${colorScheme}-${viewport.width}.png`;
            await page.screenshot({ path, fullPage: true });
          }, { colorScheme, viewport });
        }
      }
    }),
);
