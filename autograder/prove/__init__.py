"""The proof of a unit: does its grader see what it should, and nothing else?"""

from .proof import Proof, prove
from .store import check_stored, proof_digest, write_proof

__all__ = ["Proof", "check_stored", "proof_digest", "prove", "write_proof"]
