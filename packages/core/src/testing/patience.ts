import { storagePatience, waitForStorage } from './wait-for-storage.ts'

waitForStorage(storagePatience)
