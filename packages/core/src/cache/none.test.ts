import { describeCache } from '../contract/cache-contract.ts'
import { noCache } from './none.ts'

describeCache('noCache', () => ({ cache: noCache() }), { keeps: false })
