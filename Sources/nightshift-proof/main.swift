import Commands
import Proofs

await ProofCommand.runAndExit()
