import { launch, type Browser, type Page } from 'puppeteer-core'
import { By, Key, type WebDriver } from 'selenium-webdriver'
import type { Engine } from './engine.ts'
import { browserArgs, findChromium } from './find-browser.ts'
import { launchFirefox } from './firefox.ts'
import { launchWebKit } from './webkit.ts'

/** A window of a real browser, in which real keys are pressed and a real pointer clicks. Elements are named by XPath. */
export interface BrowserWindow {
  open(url: string): Promise<void>
  click(xpath: string): Promise<void>
  doubleClick(xpath: string): Promise<void>
  /** Presses the keys of a text, and Enter after them. */
  typeAndEnter(text: string): Promise<void>
  /** Runs a function in the page. It knows nothing of its surroundings here. */
  evaluate<Result>(script: () => Result | Promise<Result>): Promise<Result>
}

/** A browser with an empty profile. Its windows share what it stores. */
export interface WindowedBrowser {
  newWindow(): Promise<BrowserWindow>
  close(): Promise<void>
}

const size = { width: 1440, height: 900 }

/** Starts the browser of an engine. */
export async function launchBrowser(engine: Engine): Promise<WindowedBrowser> {
  if (engine === 'webkit') return webkitWindows()
  const browser = await (engine === 'firefox' ? launchFirefox() : launchChromium())
  return {
    newWindow: async () => puppeteerWindow(await browser.newPage()),
    close: () => browser.close(),
  }
}

function launchChromium(): Promise<Browser> {
  return launch({ browser: 'chrome', executablePath: findChromium(), args: [...browserArgs], timeout: 120_000, protocolTimeout: 120_000 })
}

async function puppeteerWindow(page: Page): Promise<BrowserWindow> {
  await page.setViewport(size)
  page.setDefaultTimeout(120_000)
  /** A click waits for frames, which the tab in front has. */
  const click = async (xpath: string, count: number): Promise<void> => {
    await page.bringToFront()
    const found = await page.waitForSelector(`::-p-xpath(${xpath})`)
    await found?.click({ count })
  }
  return {
    open: async (url) => void (await page.goto(url, { waitUntil: 'domcontentloaded' })),
    click: (xpath) => click(xpath, 1),
    doubleClick: (xpath) => click(xpath, 2),
    async typeAndEnter(text) {
      await page.keyboard.type(text)
      await page.keyboard.press('Enter')
    },
    evaluate: (script) => page.evaluate(script),
  }
}

async function webkitWindows(): Promise<WindowedBrowser> {
  const webkit = await launchWebKit()
  const { driver } = webkit
  let isFirst = true
  return {
    async newWindow() {
      if (!isFirst) await driver.switchTo().newWindow('window')
      isFirst = false
      await driver
        .manage()
        .window()
        .setRect({ x: 0, y: 0, ...size })
      return webdriverWindow(driver, await driver.getWindowHandle())
    },
    close: () => webkit.close(),
  }
}

function webdriverWindow(driver: WebDriver, handle: string): BrowserWindow {
  /** The driver has one window at a time. */
  const here = async (): Promise<WebDriver> => {
    await driver.switchTo().window(handle)
    return driver
  }
  return {
    open: async (url) => (await here()).get(url),
    click: async (xpath) => (await here()).findElement(By.xpath(xpath)).click(),
    async doubleClick(xpath) {
      const own = await here()
      await own
        .actions()
        .doubleClick(await own.findElement(By.xpath(xpath)))
        .perform()
    },
    typeAndEnter: async (text) => (await here()).actions().sendKeys(text, Key.ENTER).perform(),
    evaluate: async (script) => (await here()).executeScript(`return (${script.toString()})()`),
  }
}
