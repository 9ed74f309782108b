// Opens an audit page in headless Chromium and uses it by keyboard alone: sort, filter, open a part, print.
//   ipt2nft audit DUMPS --format html -o audit.html
//   npm install playwright-core && node tests/browser/check.mjs audit.html [SCREENSHOT.png]
// CHROMIUM names the browser, /usr/bin/chromium otherwise. Exits 1 at the first thing that does not hold.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(resolve("package.json"))("playwright-core");
const [file, screenshot] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const problems = [];
page.on("request", (request) => request.url().startsWith("file:") || request.url().startsWith("data:") || problems.push(request.url()));
page.on("pageerror", (error) => problems.push(String(error)));
page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
await page.goto(pathToFileURL(resolve(file)).href);

const names = () => page.$$eval("#hosts tbody tr:not([hidden]) td:first-child", (cells) => cells.map((c) => c.textContent));
const all = await names();
assert.ok(all.length > 0, "the table has rows");

// Sorting: Tab to the head of the column, Enter twice.
const rules = page.locator("#hosts th button", { hasText: /^rules$/ });
await rules.focus();
await page.keyboard.press("Enter");
const numbers = () => page.$$eval("#hosts tbody td:nth-child(3)", (cells) => cells.map((c) => Number(c.dataset.value)));
assert.deepEqual(await numbers(), (await numbers()).toSorted((a, b) => a - b), "ascending");
assert.equal(await page.locator("#hosts th[aria-sort=ascending]").count(), 1);
await page.keyboard.press("Enter");
assert.deepEqual(await numbers(), (await numbers()).toSorted((a, b) => b - a), "descending");

// Filtering.
await page.locator("#filter").focus();
await page.keyboard.type(all[0]);
const rows = await page.$$eval("#hosts tbody tr:not([hidden])", (rows) => rows.map((r) => r.textContent.toLowerCase()));
assert.ok(rows.length > 0 && rows.every((row) => row.includes(all[0].toLowerCase())), "only rows with these words");
for (let i = 0; i < all[0].length; i++) await page.keyboard.press("Backspace");
assert.equal((await names()).length, all.length, "an empty filter shows all");

// A link opens its part and moves the focus there.
const link = page.locator("#hosts tbody a").first();
const target = (await link.getAttribute("href")).slice(1);
await link.focus();
await page.keyboard.press("Enter");
await page.waitForFunction((id) => document.getElementById(id).open, target);
assert.equal(await page.evaluate(() => document.activeElement.parentElement.id), target);
if (screenshot) await page.screenshot({ path: screenshot });

// On paper every part is open.
await page.emulateMedia({ media: "print" });
await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
assert.ok(await page.$$eval("details", (parts) => parts.every((part) => part.open)), "print opens all parts");
const pdf = await page.pdf();
assert.ok(pdf.length > 1000, "prints");

assert.deepEqual(problems, [], "no requests, no errors");
await browser.close();
console.log(`fine: ${all.length} dumps, sorted, filtered, opened and printed by keyboard`);
