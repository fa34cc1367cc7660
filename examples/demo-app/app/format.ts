const language = 'en-GB'

const number = new Intl.NumberFormat(language)
const money = new Intl.NumberFormat(language, { style: 'currency', currency: 'EUR' })
const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(language, { weekday: 'short', day: '2-digit', month: 'short', timeZone: 'UTC' })
const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' })

export function formatNumber(value: number): string {
  return number.format(value)
}

export function formatMoney(value: number): string {
  return money.format(value)
}

export function formatMoment(iso: string): string {
  return formatDate(moment, iso)
}

export function formatDay(iso: string): string {
  return formatDate(day, iso)
}

export function formatClock(at: number): string {
  return clock.format(at)
}

/** How long something took, in ms. */
export function formatDuration(duration: number): string {
  if (duration < 1) return '<1 ms'
  return duration < 1000 ? `${Math.round(duration)} ms` : `${(duration / 1000).toFixed(1)} s`
}

/** How long ago it was, in ms. */
export function formatAge(age: number): string {
  if (age < 2_000) return 'just now'
  if (age < 60_000) return `${Math.floor(age / 1000)} s ago`
  if (age < 3_600_000) return `${Math.floor(age / 60_000)} min ago`
  return age < 86_400_000 ? `${Math.floor(age / 3_600_000)} h ago` : `${Math.floor(age / 86_400_000)} d ago`
}

/** What is no date is shown as it stands. */
function formatDate(format: Intl.DateTimeFormat, iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? iso : format.format(date)
}
