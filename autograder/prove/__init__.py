"""The proof of a unit: does its grader see what it should, and nothing else?"""

from .proof import Proof, prove
from .proven import remember, why_unproven
from .store import StoredProof, check_stored, examine_stored, proof_digest, repriced, write_proof

__all__ = [
    "Proof",
    "StoredProof",
    "check_stored",
    "examine_stored",
    "proof_digest",
    "prove",
    "remember",
    "repriced",
    "why_unproven",
    "write_proof",
]
