import CNiceness
import Commands
import Proofs

nightshift_keep_niceness()
await ProofCommand.runAndExit()
