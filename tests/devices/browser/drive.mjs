// Uses page.html as a person does: logs in, types at the prompt, downloads a file.
// node drive.mjs PLAYWRIGHT CHROMIUM ADDRESS PASSWORD NAME FOLDER
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [playwright, executablePath, address, password, name, folder] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const context = await chromium.launchPersistentContext(join(folder, "profile"), {
  executablePath,
  headless: true,
  chromiumSandbox: false,
  acceptDownloads: true,
  timeout: 120_000,
  args: [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(60_000);
  const screen = page.locator("#screen");
  // The text in full: a locator's own filter would fold white space.
  const shows = (text) =>
    page
      .waitForFunction((text) => document.getElementById("screen").textContent.includes(text), text)
      .catch(async (error) => {
        throw new Error(`no ${JSON.stringify(text)} in ${JSON.stringify(await screen.textContent())}`, { cause: error });
      });
  await page.goto("file://" + fileURLToPath(new URL("page.html", import.meta.url)));
  await page.fill("#address", address);
  await page.fill("#password", password);
  await page.click("#connect");
  await shows("\r\nWebREPL connected\r\n>>> ");
  await screen.focus();
  await page.keyboard.type("print('by', 'hand', 6 * 7)");
  await page.keyboard.press("Enter");
  await shows("\r\nby hand 42\r\n>>> ");
  await page.keyboard.type("while True: pass");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await shows("... \r\n");
  await page.fill("#name", name);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#get")]);
  await download.saveAs(join(folder, "downloaded"));
  await screen.focus();
  await page.keyboard.press("Control+c");
  await shows("KeyboardInterrupt: \r\n>>> ");
  console.log("done");
} finally {
  await context.close();
}
