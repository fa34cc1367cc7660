import { configure } from '@testing-library/react'

// As long as `expect.poll` waits: on a busy machine a second is not much.
configure({ asyncUtilTimeout: 60_000 })
