"""What the columns of platforms' tables are called, in the languages that they write them in."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

LOGIN, SIS, NUMBER, EMAIL = "login", "sis", "number", "email"
CANVAS_ID, PARTICIPANT, FULL, FIRST, LAST = "canvas", "participant", "full", "first", "last"
OTHER = "other"  # identifies nobody, but belongs to the person

_NAMES: dict[str, Sequence[str]] = {
    LOGIN: (
        *("SIS Login ID", "Username", "User name", "Login", "Login ID", "Anmeldename", "Nutzername"),
        *("Benutzername", "Nom d'utilisateur", "Nom d’utilisateur", "Nombre de usuario", "Nome utente"),
        *("Gebruikersnaam", "Nome de usuário", "Nome de utilizador", "Nazwa użytkownika", "Användarnamn"),
        *("Brugernavn", "Brukernavn", "Käyttäjätunnus", "Uživatelské jméno", "Kullanıcı adı"),
    ),
    SIS: ("SIS User ID", "Integration ID"),
    NUMBER: (
        *("ID number", "SID", "Student ID", "Matrikelnummer", "ID-Nummer", "Numéro d'identification"),
        *("Numéro d’identification", "Número de ID", "Número ID", "Codice identificativo", "Numero ID"),
        *(
            "ID-nummer",
            "Número de identificação",
            "Número identificador",
            "Numer ID",
            "Numer identyfikacyjny",
        ),
        *("Tunnistenumero", "Identifikační číslo", "Kimlik numarası"),
    ),
    EMAIL: (
        *("Email address", "Email", "E-mail", "E-mail address", "E-Mail-Adresse", "E-Mail", "Mail"),
        *("Adresse de courriel", "Adresse e-mail", "Courriel", "Dirección de correo", "Correo electrónico"),
        *("Dirección Email", "Indirizzo email", "E-mailadres", "Endereço de e-mail", "Endereço de email"),
        *("Adres e-mail", "E-postadress", "E-mailadresse", "E-postadresse", "Sähköpostiosoite"),
        *("E-mailová adresa", "E-posta adresi"),
    ),
    CANVAS_ID: ("ID",),
    PARTICIPANT: (
        *("Identifier", "ID des Teilnehmers", "Teilnehmer/in", "Bezeichner", "Identifiant", "Identificador"),
        *("Identificativo", "Identificatie", "Identyfikator"),
    ),
    FULL: (
        *("Full name", "Student", "Name", "Student name", "Vollständiger Name", "Nom complet"),
        *("Nombre completo", "Nome completo", "Volledige naam", "Imię i nazwisko", "Fullständigt namn"),
        *("Fulde navn", "Fullt navn", "Koko nimi", "Celé jméno", "Tam adı"),
    ),
    FIRST: (
        *("First name", "Given name", "Vorname", "Prénom", "Nombre", "Nome", "Voornaam", "Imię", "Förnamn"),
        *("Fornavn", "Etunimi", "Křestní jméno", "Adı", "Ad"),
    ),
    LAST: (
        *("Surname", "Last name", "Family name", "Nachname", "Nom", "Nom de famille", "Apellido"),
        *("Apellido(s)", "Apellidos", "Cognome", "Achternaam", "Sobrenome", "Apelido", "Nazwisko"),
        *("Efternamn", "Efternavn", "Etternavn", "Sukunimi", "Příjmení", "Soyadı", "Soyad"),
    ),
    OTHER: (
        *("Section", "Sections", "Root Account", "Institution", "Department", "Abteilung", "Département"),
    ),
}


@lru_cache(maxsize=100_000)
def folded(text: str) -> str:
    """A text without what does not tell two apart: capitals, forms of Unicode, blanks at its ends.

    >>> folded("  Student-001 ") == folded("student-001")
    True
    """
    one_form = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(one_form.replace("\ufeff", "").split())


_FIELDS = {folded(name): field for field, names in _NAMES.items() for name in names}


def field_of(header: str) -> str | None:
    """What a column of that name holds of a person; None where it holds something else."""
    return _FIELDS.get(folded(header))


def expected_headers() -> str:
    """The names in English that identify a person, for an error."""
    return ", ".join(
        name for field in (LOGIN, SIS, NUMBER, EMAIL, CANVAS_ID, FULL) for name in _NAMES[field][:2]
    )
