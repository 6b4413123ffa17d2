/** The texts of our own pages in German. */
import type { Texts } from './english.ts'

export const german: Texts = {
  // Sentences of the error table
  'error.request-malformed': 'Die Anfrage ist kein gültiges HTTP/1.1.',
  'error.method-unknown': 'Diese Methode ist hier nicht bekannt.',
  'error.request-head-timeout': 'Die Anfrage kam zu langsam an.',
  'error.request-head-too-large': 'Die Felder der Anfrage sind zu groß.',
  'error.connection-evicted': 'Die unbenutzte Verbindung wurde geschlossen, um anderen Platz zu machen.',
  'error.connections-full': 'Es gibt zu viele Verbindungen.',
  'error.tls-handshake-failed': 'Der TLS-Handshake ist fehlgeschlagen.',
  'error.tls-handshake-timeout': 'Der TLS-Handshake hat zu lange gedauert.',
  'error.proxy-header-invalid': 'Die Verbindung beginnt nicht mit einem gültigen Kopf des PROXY-Protokolls.',
  'error.proxy-header-timeout': 'Der Kopf des PROXY-Protokolls kam zu langsam an.',
  'error.pipeline-too-long':
    'Auf einer Verbindung wurden zu viele Anfragen gesendet, bevor die erste davon beantwortet war.',
  'error.expectation-unsupported': 'Nur „Expect: 100-continue“ wird verstanden.',
  'error.too-many-fields': 'Die Anfrage hat zu viele Felder.',
  'error.host-invalid': 'Die Anfrage braucht genau ein gültiges Feld Host.',
  'error.field-duplicated': 'Ein Feld, das nur einmal vorkommen darf, steht zweimal da.',
  'error.connection-field-refused': 'Das Feld Connection nennt ein Feld, das nicht nur bis zum nächsten Server gilt.',
  'error.transfer-coding-unsupported': 'Als Übertragungskodierung wird nur „chunked“ verstanden.',
  'error.target-malformed': 'Das Ziel der Anfrage ist nicht gültig.',
  'error.host-unknown': 'Dieser Server antwortet nicht unter diesem Namen.',
  'error.target-misdirected': 'Das Ziel der Anfrage und das Feld Host nennen verschiedene Server.',
  'error.path-ambiguous':
    'Der Pfad lässt sich auf zwei Arten lesen, die verschiedene Rechte brauchen. Schreiben Sie ihn eindeutig.',
  'error.method-override-malformed':
    'Die Methode in einem Feld oder Parameter, der sie ersetzen soll, ist nicht gültig.',
  'error.method-refused': 'Diese Methode steht nicht zur Verfügung.',
  'error.loop-detected': 'Die Anfrage kam zu einem Proxy zurück, durch den sie schon gegangen war.',
  'error.service-worker-refused': 'Ein Service Worker für diesen ganzen Host ist nicht erlaubt.',
  'error.handshake-invalid': 'Der Handshake des WebSockets hat keinen gültigen Sec-WebSocket-Key.',
  'error.credentials-missing': 'Melden Sie sich an, oder senden Sie ein Token.',
  'error.session-ended': 'Ihre Sitzung ist beendet. Melden Sie sich noch einmal an.',
  'error.authorization-malformed': 'Das Feld Authorization lässt sich nicht lesen.',
  'error.credentials-conflict': 'Die Anfrage enthält zwei verschiedene Token. Senden Sie eines.',
  'error.scheme-unsupported':
    'Diese Art der Anmeldung wird hier nicht angenommen. Senden Sie Bearer und ein Token, oder Basic.',
  'error.ntlm-unsupported':
    'NTLM wird nicht angenommen. Benutzen Sie ein persönliches Zugriffstoken, oder melden Sie sich im Browser an.',
  'error.negotiate-unavailable':
    'Die Anmeldung mit Kerberos ist hier nicht eingerichtet. Benutzen Sie ein persönliches Zugriffstoken, oder melden Sie sich im Browser an.',
  'error.password-unavailable':
    'Das Kennwort des Verzeichnisses wird hier nicht angenommen. Benutzen Sie ein persönliches Zugriffstoken als Kennwort.',
  'error.negotiate-refused': 'Das Kerberos-Token lässt sich nicht lesen.',
  'error.negotiate-replayed': 'Das Kerberos-Token wurde schon einmal benutzt.',
  'error.negotiate-unbound':
    'Das Kerberos-Token gehört zu einer anderen Verbindung. Bricht ein Proxy dazwischen die TLS-Verbindung auf?',
  'error.negotiate-expired': 'Das Kerberos-Ticket ist abgelaufen.',
  'error.negotiate-clock-skew': 'Die Uhr dieses Computers weicht zu weit von der des Proxys ab.',
  'error.negotiate-wrong-service':
    'Das Kerberos-Ticket ist für einen anderen Dienst. Der Name in der Adresse muss der im Verzeichnis sein.',
  'error.negotiate-foreign-realm': 'Das Konto gehört zu einer Domäne, die hier nicht angenommen wird.',
  'error.negotiate-account-disabled': 'Ihr Konto ist im Verzeichnis deaktiviert.',
  'error.negotiate-account-locked':
    'Ihr Konto wurde im Verzeichnis nach falschen Kennwörtern gesperrt. Sobald es entsperrt ist, melden Sie sich an Ihrem Computer neu an.',
  'error.password-wrong': 'Benutzername oder Kennwort ist falsch.',
  'error.password-expired': 'Das Kennwort ist abgelaufen. Ändern Sie es zuerst an einem Windows-Computer.',
  'error.password-must-change':
    'Das Kennwort muss vor dem ersten Gebrauch geändert werden. Ändern Sie es zuerst an einem Windows-Computer.',
  'error.password-limited': 'Zu viele falsche Kennwörter. Warten Sie, und versuchen Sie es dann noch einmal.',
  'error.token-unknown': 'Token dieser Art werden hier nicht angenommen.',
  'error.pat-unknown': 'Der Server kennt dieses Zugriffstoken nicht. Erstellen Sie ein neues.',
  'error.pat-unreadable':
    'Der Server hat nicht gesagt, wem dieses Zugriffstoken gehört: Es ist falsch oder abgelaufen, oder seine Rechte reichen nicht.',
  'error.pat-unnamed':
    'Mit den Rechten dieses Zugriffstokens kann der Server nicht sagen, wem es gehört. Fügen Sie das Recht hinzu, den Benutzer zu lesen.',
  'error.pat-proof-limited':
    'Aus Ihrem Netz kamen zu viele unbekannte Zugriffstoken. Warten Sie, und versuchen Sie es dann noch einmal.',
  'error.pat-proof-unavailable':
    'Der Server konnte zu diesem Zugriffstoken nicht befragt werden. Versuchen Sie es gleich noch einmal.',
  'error.bearer-disabled': 'Zugriffstoken des Identitätsanbieters werden hier nicht angenommen.',
  'error.bearer-malformed': 'Das Zugriffstoken lässt sich nicht lesen.',
  'error.bearer-expired': 'Das Zugriffstoken ist abgelaufen.',
  'error.bearer-not-yet-valid': 'Das Zugriffstoken gilt noch nicht.',
  'error.bearer-signature-invalid': 'Die Signatur des Zugriffstokens ist falsch.',
  'error.bearer-algorithm-refused': 'Das Zugriffstoken ist mit einem Verfahren signiert, das nicht angenommen wird.',
  'error.bearer-key-unknown':
    'Das Zugriffstoken ist mit einem Schlüssel signiert, den der Identitätsanbieter nicht veröffentlicht.',
  'error.bearer-type-refused': 'Dieses Token des Identitätsanbieters ist kein Zugriffstoken.',
  'error.bearer-sender-constrained':
    'Das Zugriffstoken ist an einen Schlüssel seines Besitzers gebunden und gilt nicht als einfaches Bearer-Token.',
  'error.bearer-audience-mismatch': 'Das Zugriffstoken wurde für einen anderen Dienst ausgestellt.',
  'error.bearer-groups-unknown':
    'Das Zugriffstoken sagt nicht, in welchen Gruppen die Person ist: Die Angabe fehlt, oder es sind zu viele.',
  'error.bearer-claim-invalid': 'Eine Angabe im Zugriffstoken fehlt oder ist falsch.',
  'error.cross-site-request': 'Eine Seite einer anderen Website hat diese Anfrage gesendet.',
  'error.group-required': 'Ihr Konto ist in keiner der Gruppen, die diesen Server benutzen dürfen.',
  'error.second-factor-missing': 'Eine Anmeldung mit einem zweiten Faktor ist nötig.',
  'error.sign-in-issuer-unknown':
    'Der Link zur Anmeldung nennt einen Identitätsanbieter, den dieser Server nicht kennt. Öffnen Sie die Seite, zu der Sie wollen.',
  'error.client-certificate-missing': 'Ihr Programm hat kein Zertifikat gezeigt; dieser Server verlangt eines.',
  'error.client-certificate-untrusted':
    'Ihr Zertifikat kommt von einer Zertifizierungsstelle, der hier nicht vertraut wird.',
  'error.client-certificate-incomplete':
    'Von Ihrem Zertifikat führt nichts zu einer Zertifizierungsstelle, der hier vertraut wird: Das Zwischenzertifikat wurde nicht gesendet, oder es ist von einer anderen Stelle.',
  'error.client-certificate-root-missing':
    'Die Zertifizierungsstelle Ihres Zertifikats ist hier bekannt, die Wurzel darüber nicht. Sagen Sie es denen, die diesen Server betreiben.',
  'error.client-certificate-expired': 'Ihr Zertifikat oder das seiner Zertifizierungsstelle ist abgelaufen.',
  'error.client-certificate-not-yet-valid':
    'Ihr Zertifikat oder das seiner Zertifizierungsstelle ist noch nicht gültig.',
  'error.client-certificate-revoked': 'Ihr Zertifikat oder das seiner Zertifizierungsstelle wurde gesperrt.',
  'error.client-certificate-wrong-use':
    'Ihr Zertifikat ist nicht für die Anmeldung von Personen und Programmen bestimmt (erweiterte Schlüsselverwendung).',
  'error.client-certificate-unchecked':
    'Ob Ihr Zertifikat gesperrt ist, lässt sich nicht feststellen: Die Sperrliste seiner Zertifizierungsstelle fehlt oder ist veraltet.',
  'error.client-certificate-invalid': 'Ihr Zertifikat ist nicht gültig.',
  'error.client-certificate-unmapped': 'Ihr Zertifikat nennt kein Konto oder mehr als eines.',
  'error.client-certificate-mismatch':
    'Ihr Zertifikat gehört zu einem anderen Konto als dem, mit dem Sie angemeldet sind.',
  'error.second-factor-stale': 'Die Anmeldung mit dem zweiten Faktor ist zu lange her. Melden Sie sich noch einmal an.',
  'error.identity-change-refused':
    'Ein Feld oder Parameter, mit dem der Server im Namen eines anderen handeln würde, wird hier nicht angenommen.',
  'error.grant-out-of-scope':
    'Hierfür ist ein zweiter Faktor nötig, und keine Bestätigung von Ihnen kann ihn ersetzen. Benutzen Sie einen Browser.',
  'error.lasting-right-refused':
    'Damit entstehen dauerhafte Zugangsdaten oder Rechte. Tun Sie es in einem Browser, angemeldet mit dem zweiten Faktor.',
  'error.form-unjudged':
    'Ein Formular kann das Token einer anderen Person enthalten; deshalb wird hier keines angenommen. Senden Sie JSON.',
  'error.rule-refuses': 'Eine Regel dieses Proxys erlaubt diese Anfrage nicht.',
  'error.pat-blocked': 'Dieses persönliche Zugriffstoken wurde von seinem Besitzer gesperrt.',
  'error.pat-new-network': 'Dieses persönliche Zugriffstoken wurde noch nie aus diesem Netz benutzt.',
  'error.pat-unseen-too-long':
    'Dieses persönliche Zugriffstoken wurde zu lange nicht benutzt. Erstellen Sie ein neues.',
  'error.pat-too-old': 'Dieses persönliche Zugriffstoken ist zu alt. Erstellen Sie ein neues.',
  'error.pat-unconfirmed':
    'Der Besitzer dieses persönlichen Zugriffstokens hat dessen Benutzung aus diesem Netz nicht bestätigt.',
  'error.pat-unconfirmable':
    'Der Server sagt nicht, wem dieses persönliche Zugriffstoken gehört; deshalb kann niemand dessen Benutzung aus diesem Netz bestätigen.',
  'error.rate-limited': 'Zu viele Anfragen. Warten Sie, und versuchen Sie es dann noch einmal.',
  'error.account-mismatch':
    'Ihre Sitzung im Browser und Ihr Windows-Konto gehören zu zwei verschiedenen Personen. Melden Sie sich zuerst ab.',
  'error.account-unmapped': 'Zu Ihrer Identität gibt es auf diesem Server kein Konto.',
  'error.delegation-account-unknown': 'Ihr Konto gibt es im Verzeichnis nicht.',
  'error.delegation-account-disabled': 'Ihr Konto ist im Verzeichnis deaktiviert oder darf sich jetzt nicht anmelden.',
  'error.delegation-account-locked':
    'Ihr Konto ist im Verzeichnis nach falschen Kennwörtern gesperrt. Warten Sie, oder fragen Sie einen Administrator.',
  'error.delegation-account-expired': 'Ihr Konto im Verzeichnis ist abgelaufen.',
  'error.delegation-refused':
    'Ihr Konto darf nicht an den Server delegiert werden. Benutzen Sie ein persönliches Zugriffstoken, oder fragen Sie einen Administrator.',
  'error.delegation-service-unknown': 'Das Verzeichnis kennt den Server hinter diesem Proxy nicht.',
  'error.kdc-unreachable': 'Das Verzeichnis ist nicht zu erreichen. Versuchen Sie es gleich noch einmal.',
  'error.kdc-reply-invalid': 'Der Antwort des Verzeichnisses ist nicht zu trauen.',
  'error.kdc-overloaded': 'Zu viele Anfragen warten auf das Verzeichnis. Versuchen Sie es gleich noch einmal.',
  'error.kerberos-misconfigured': 'Der Proxy kann sich am Verzeichnis nicht anmelden.',
  'error.identity-mismatch': 'Der Proxy hat abgebrochen, bevor er unter einem falschen Namen gehandelt hätte.',
  'error.sign-in-malformed': 'Der Link zur Anmeldung verlangt zu viel. Öffnen Sie die gewünschte Seite noch einmal.',
  'error.sign-in-unknown':
    'Diese Anmeldung läuft nicht mehr: Sie wurde schon benutzt, hat zu lange gedauert oder begann in einem anderen Browser. Wenn das wieder geschieht, erlauben Sie Cookies für diese Website.',
  'error.confirmation-gone':
    'Unter diesem Link gibt es nichts zu bestätigen: Es ist schon bestätigt oder zu lange her. Führen Sie den Befehl noch einmal aus, um einen neuen zu bekommen.',
  'error.confirmation-other-account':
    'Diese Anfrage ist von einem anderen Konto als Ihrem. Nur dessen Besitzer kann sie bestätigen.',
  'error.groups-unknown':
    'Der Identitätsanbieter hat nicht gesagt, in welchen Gruppen Sie sind; deshalb weiß niemand, ob Sie den Server benutzen dürfen.',
  'error.sign-in-other-provider':
    'Die Antwort kam von einem anderen Identitätsanbieter als dem, der gefragt wurde. Melden Sie sich noch einmal an.',
  'error.sign-in-refused': 'Der Identitätsanbieter hat Sie nicht angemeldet.',
  'error.own-page-navigation-only':
    'Diese Seite lässt sich nur in einem eigenen Fenster anzeigen. Öffnen Sie ihre Adresse dort.',
  'error.form-token-invalid':
    'Dieses Formular wurde schon gesendet oder ist zu alt. Öffnen Sie seine Seite noch einmal.',
  'error.sign-in-not-same-origin': 'Eine andere Website wollte das tun.',
  'error.sign-in-overtaken':
    'Der Identitätsanbieter hat Sie abgemeldet, während Sie sich angemeldet haben. Melden Sie sich noch einmal an.',
  'error.op-response-invalid': 'Die Antwort des Identitätsanbieters kann nicht angenommen werden.',
  'error.op-unreachable': 'Der Identitätsanbieter ist nicht zu erreichen. Versuchen Sie es gleich noch einmal.',
  'error.field-value-invalid':
    'Was dem Server über diese Anfrage zu sagen wäre, lässt sich nicht in ein HTTP-Feld schreiben.',
  'error.store-unavailable':
    'Was der Proxy sich merken muss, lässt sich im Augenblick nicht lesen oder schreiben. Versuchen Sie es gleich noch einmal.',
  'error.logout-request-malformed': 'Die Abmeldung hat nicht die Form, die OpenID Connect ihr gibt.',
  'error.logout-token-invalid': 'Das Logout-Token gilt hier nicht.',
  'error.logout-token-replayed': 'Das Logout-Token wurde schon einmal benutzt.',
  'error.own-host-not-found':
    'Unter dieser Adresse gibt es nichts: Auf diesem Host ist nur die Anmeldung. Benutzen Sie die Adresse des Servers.',
  'error.not-found': 'Eine solche Seite gibt es unter /.torhaus/ nicht.',
  'error.self-test': 'Das ist ein Selbsttest; er wurde abgelehnt, wie es sein soll.',
  'error.upstream-identity-refused': 'Der Server hinter diesem Proxy erkennt nicht an, wer Sie laut diesem Proxy sind.',
  'error.upstream-connect-failed': 'Der Server hinter diesem Proxy ist nicht zu erreichen.',
  'error.upstream-tls-failed': 'Der Server hinter diesem Proxy konnte nicht beweisen, wer er ist.',
  'error.upstream-connect-timeout': 'Der Server hinter diesem Proxy nimmt keine Verbindungen an.',
  'error.upstream-headers-timeout': 'Der Server hinter diesem Proxy braucht zu lange für eine Antwort.',
  'error.upstream-response-invalid': 'Der Server hinter diesem Proxy hat eine ungültige Antwort gesendet.',
  'error.upstream-closed': 'Der Server hinter diesem Proxy hat die Verbindung geschlossen.',
  'error.upstream-overloaded': 'Zu viele Anfragen warten. Versuchen Sie es gleich noch einmal.',
  'error.upstream-queue-timeout':
    'Die Anfrage hat zu lange gewartet, bis sie an der Reihe war. Versuchen Sie es gleich noch einmal.',
  'error.client-share-exceeded': 'Zu viele Ihrer Anfragen warten. Warten Sie auf Antworten, bevor Sie weitere senden.',
  'error.unproven-share-exceeded':
    'Zu viele Anfragen von Programmen warten, die noch nicht bekannt sind. Versuchen Sie es gleich noch einmal.',
  'error.tunnel-limit': 'Hier sind zu viele WebSockets offen. Versuchen Sie es gleich noch einmal.',
  'error.request-content-too-slow': 'Der Inhalt der Anfrage kam zu langsam an.',
  'error.request-content-aborted': 'Der Inhalt der Anfrage endete zu früh.',
  'error.client-aborted': 'Das Programm hat die Verbindung geschlossen, bevor die Antwort vollständig war.',
  'error.response-read-too-slowly': 'Das Programm hat die Antwort zu langsam gelesen.',
  'error.response-content-aborted': 'Der Server hinter diesem Proxy hat die Antwort zu früh beendet.',
  'error.response-content-timeout': 'Die Antwort des Servers hinter diesem Proxy stand zu lange still.',
  'error.tunnel-idle': 'Durch den WebSocket kam zu lange nichts.',
  'error.tunnel-too-old': 'Der WebSocket war zu lange offen. Öffnen Sie ihn noch einmal.',
  'error.tunnel-unjudged': 'Zu lange war nicht festzustellen, ob der WebSocket offen bleiben darf.',
  'error.tunnel-drained': 'Der Proxy wird beendet. Öffnen Sie den WebSocket noch einmal.',
  'error.internal-error': 'Im Proxy ist etwas schiefgegangen. Mit der Nummer der Anfrage lässt sich finden, was.',

  // Refusals
  'title.sign-in-unknown': 'Anmeldung nicht abgeschlossen',
  'title.sign-in-refused': 'Sie wurden nicht angemeldet',
  'title.sign-in-other-provider': 'Anmeldung nicht abgeschlossen',
  'title.sign-in-overtaken': 'Sie wurden nicht angemeldet',
  'title.form-token-invalid': 'Bitte öffnen Sie die Seite noch einmal',
  'title.second-factor-missing': 'Ein zweiter Faktor ist nötig',
  'title.second-factor-stale': 'Bitte melden Sie sich noch einmal an',
  'title.account-unmapped': 'Kein Konto auf diesem Server',
  'title.session-ended': 'Bitte melden Sie sich noch einmal an',
  'title.cross-site-request': 'Zu Ihrer Sicherheit angehalten',
  'title.op-unreachable': 'Die Anmeldung ist nicht verfügbar',
  'title.op-response-invalid': 'Die Anmeldung ist fehlgeschlagen',
  'title.not-found': 'Diese Seite gibt es nicht',
  'title.own-host-not-found': 'Diese Seite gibt es nicht',
  'title.account-mismatch': 'Zwei verschiedene Personen',
  'title.confirmation-gone': 'Hier gibt es nichts zu bestätigen',
  'title.confirmation-other-account': 'Das können nicht Sie bestätigen',
  'title.client-certificate-missing': 'Ein Zertifikat ist nötig',
  'title.client-certificate-mismatch': 'Zwei verschiedene Personen',
  'title.certificate': 'Zertifikat nicht angenommen',
  'title.400': 'Diese Anfrage ist nicht gültig',
  'title.401': 'Bitte melden Sie sich an',
  'title.403': 'Nicht erlaubt',
  'title.429': 'Zu viele Versuche',
  'title.502': 'Der Server antwortet nicht',
  'title.503': 'Zurzeit nicht verfügbar',
  'title.504': 'Der Server antwortet nicht',
  'title.other': 'Das hat nicht geklappt',
  'explain.second-factor-missing':
    'Sie haben sich nur mit einem Faktor angemeldet. Richten Sie bei Ihrem Identitätsanbieter einen zweiten ein, und melden Sie sich dann noch einmal an.',
  'explain.not-found': 'Unter dieser Adresse gibt es nichts.',
  'refusal.restarting':
    'Diese Anmeldung läuft nicht mehr: Viele Tabs wurden zugleich geöffnet, oder sie wurde schon benutzt. Sie beginnt gleich von vorn, für die Seite, zu der Sie wollten.',
  'refusal.confirmFirst': 'Bestätigen Sie mit Ihrem zweiten Faktor, und versuchen Sie es dann noch einmal.',
  'refusal.otherCertificate':
    'Um ein anderes Zertifikat zu wählen oder keines, schließen Sie zuerst alle Fenster des Browsers: Er merkt sich Ihre Wahl.',
  'refusal.unsent':
    'Was Sie gerade abgeschickt haben, hat den Server nicht erreicht und ist nicht verloren: Melden Sie sich in einem neuen Tab an, kommen Sie dann zurück, und laden Sie diese Seite neu, um es noch einmal zu senden.',
  'refusal.sentAgain':
    'Wenn Sie diese Seite neu laden, wird noch einmal gesendet, was Sie gerade abgeschickt haben: Ist es schon geschehen, geschieht es vielleicht zweimal.',
  'request.id': 'Anfrage {id}',
  'request.withoutId': 'Anfrage ohne Nummer',
  'help.link': 'Zum Helpdesk',

  // Buttons
  'button.confirm': 'Bestätigen',
  'button.continue': 'Weiter',
  'button.otherAccount': 'Anderes Konto benutzen',
  'button.signIn': 'Anmelden',
  'button.signInAgain': 'Noch einmal anmelden',
  'button.signInNewTab': 'In neuem Tab anmelden',
  'button.signOut': 'Abmelden',
  'button.startPage': 'Startseite',
  'button.tryAgain': 'Noch einmal versuchen',
  'button.yourPage': 'Ihre Seite',

  // Sign-in
  'choice.title': 'Wo melden Sie sich an?',
  'choice.text': 'Wählen Sie, wo Ihr Konto ist. Dieser Browser merkt es sich.',
  'departure.title': 'Weiter zur Anmeldung',
  'arrival.title': 'Zurück von der Anmeldung',

  // Sign-out
  'signOut.title': 'Abmelden?',
  'signOut.text': 'Sie werden von {host} und vom Identitätsanbieter abgemeldet.',
  'signOut.stay': 'Angemeldet bleiben',
  'signedOut.title': 'Sie sind abgemeldet',
  'signedOut.text': 'Schließen Sie den Browser, wenn andere diesen Computer benutzen.',
  'stillSignedIn.title': 'Sie sind noch angemeldet',
  'stillSignedIn.text': 'Eine Sitzung dieses Browsers läuft hier weiter.',
  'toldToSignOut.title': 'Sie sind abgemeldet',
  'toldToSignOut.text': 'Dieser Server weiß Bescheid.',
  'noSuchSession.title': 'Es gibt nichts abzumelden',
  'noSuchSession.text': 'Dieser Server kennt keine solche Sitzung.',

  // Confirmation
  'confirm.title': 'Diesen Zugriff bestätigen?',
  'confirm.signInOnce': 'Sie werden aufgefordert, sich noch einmal anzumelden, allein für diese Bestätigung.',
  'confirm.cancel': 'Nicht bestätigen',
  'confirm.notMe': 'Das war ich nicht',
  'disowned.title': 'Dieser Zugriff ist abgelehnt',
  'disowned.text': 'Niemand kann diese Anfrage mehr bestätigen. Wer diesen Server betreut, erfährt davon.',
  'disowned.password':
    'Wer angefragt hat, kennt Ihr Kennwort. Ändern Sie es jetzt, melden Sie sich dann auf {page} überall ab, und sagen Sie Ihrem Helpdesk Bescheid.',
  'disowned.token':
    'Wer angefragt hat, hat Ihr Token. Widerrufen Sie es jetzt auf dem Server, sperren Sie es auf {page}, und sagen Sie Ihrem Helpdesk Bescheid.',
  'confirmed.title': 'Bestätigt',
  'confirmed.text': 'Führen Sie den Befehl noch einmal aus: Jetzt wird er angenommen.',
  'confirmed.takeBack': 'Sie können das jederzeit auf {page} zurücknehmen.',
  'confirmed.page': 'Ihrer Seite',
  'confirm.account': 'Konto',
  'confirm.program': 'Programm',
  'confirm.from': 'Von',
  'confirm.asked': 'Angefragt',
  'confirmGrant.text':
    'Ein Programm, das Sie nicht nach einem zweiten Faktor fragen kann, will {host} in Ihrem Namen benutzen.',
  'confirmGrant.may': 'Darf dann',
  'confirmGrant.nothingElse': 'und sonst nichts: keine Token, Schlüssel, Service Hooks oder Mitglieder',
  'confirmGrant.holds': 'wird gelten für {network}',
  'confirmGrant.for': 'Gilt',
  'confirmGrant.atMost': 'höchstens {duration}',
  'confirmGrant.only': 'Bestätigen Sie nur, was Sie selbst gerade eben begonnen haben.',
  'confirmGrant.otherwise': 'Wenn Sie es nicht waren, kennt jemand anderes Ihr Kennwort: Sagen Sie es unten.',
  'confirmPat.text':
    'Ihr persönliches Zugriffstoken für {host} soll dort benutzt werden, wo Sie es nicht bestätigt haben.',
  'confirmPat.token': 'Token',
  'confirmPat.fingerprint': 'sein Fingerabdruck hier, wie auf {page}; Torhaus bewahrt das Token nicht auf',
  'confirmPat.holds': 'wird gelten für {network} und für dieses Token allein',
  'confirmPat.only': 'Bestätigen Sie nur eine Benutzung, die Sie selbst begonnen haben.',
  'confirmPat.otherwise': 'Wenn Sie es nicht waren, hat jemand anderes Ihr Token: Sagen Sie es unten.',

  // Personal page
  'account.title': 'Sie sind angemeldet',
  'account.account': 'Konto',
  'account.signedIn': 'Angemeldet',
  'account.provenBy': 'Nachweis',
  'account.address': 'Ihre Adresse',
  'account.goTo': 'Zu {host}',
  'account.setUpGit': 'git für diesen Server einrichten',
  'grants.title': 'Programme, die Sie bestätigt haben',
  'grants.none':
    'Keine. Wenn git oder ein anderes Programm abgelehnt wird, zeigt es einen Link: Öffnen Sie ihn, um zu bestätigen.',
  'grants.from': '{program} von {network}',
  'grants.may': 'darf {cover}: noch höchstens {duration}',
  'grants.takeBack': 'Zurücknehmen',
  'grants.takeBackIt': 'Zurücknehmen: {what}',
  'pats.title': 'Bekannte persönliche Zugriffstoken',
  'pats.none': 'Keine, von denen der Server sagt, dass sie Ihnen gehören.',
  'pats.blocked': 'gesperrt',
  'pats.from': 'von {networks}',
  'pats.firstSeen': 'erstmals gesehen {time}',
  'pats.lastUsed': 'zuletzt benutzt {time}',
  'pats.block': 'Sperren',
  'pats.blockIt': 'Sperren: Token {token}',
  'pats.allow': 'Wieder erlauben',
  'pats.allowIt': 'Wieder erlauben: Token {token}',
  'networks.title': 'Wo Ihre Token benutzt werden dürfen',
  'networks.none': 'Von Ihnen ist kein Token bekannt.',
  'networks.from': '{token} von {network}',
  'networks.waits': 'wartet auf Sie',
  'networks.waiting': '{waits}: {program} von {address}, {time}',
  'networks.look': 'Ansehen',
  'networks.confirmed': 'bestätigt {time}',
  'networks.nobodyAsks': 'wurde dort benutzt, deshalb fragt niemand',
  'networks.withdrawn': 'zurückgenommen',
  'networks.usedThere': 'wurde dort benutzt',
  'networks.here': 'wo Sie gerade sind',
  'networks.confirm': 'Bestätigen',
  'networks.confirmIt': 'Bestätigen: Token {token} von {network}',
  'networks.withdraw': 'Zurücknehmen',
  'networks.withdrawIt': 'Zurücknehmen: Token {token} von {network}',
  'sessions.title': 'Ihre Sitzungen',
  'sessions.this': 'Dieser Browser',
  'sessions.other': 'Ein anderer Browser',
  'sessions.since': 'begonnen {time}',
  'sessions.lastUsed': 'zuletzt benutzt {time}',
  'sessions.end': 'Beenden',
  'sessions.endIt': 'Sitzung beenden, begonnen {time}, {device}',
  'sessions.from': 'von {address}',
  'device.both': '{browser} unter {system}',
  'device.unknown': 'Browser unbekannter Art',
  'everywhere.button': 'Überall abmelden',
  'everywhere.text': 'Beendet jede Sitzung und widerruft jede Bestätigung, die Sie Programmen gegeben haben.',

  // Setting up git
  'git.title': 'git und dieser Server',
  'git.text': 'Ohne Einrichtung fragt git nach Benutzername und Kennwort. Jeder dieser Wege genügt für sich allein.',
  'git.token.title': 'Ein persönliches Zugriffstoken',
  'git.token.text':
    'Erstellen Sie eines auf dem Server, und geben Sie es als Kennwort an; auf den Benutzernamen kommt es nicht an.',
  'git.helper.title': 'Anmelden im Terminal',
  'git.helper.text':
    'Nötig sind Node 18 oder neuer und {file} in Ihrem Home-Verzeichnis. Das Programm zeigt einen Link, wenn git Sie braucht; das Token bleibt nur im Arbeitsspeicher.',
  'git.helper.file': 'diese Datei',
  'git.manager.title': 'Git Credential Manager',

  // What a confirmed program may do
  'cover.repositories.read.all': 'Repositorys lesen (clone, fetch)',
  'cover.repositories.read.below': 'Repositorys unter {place} lesen (clone, fetch)',
  'cover.repositories.read.exact': 'das Repository {place} lesen (clone, fetch) und nichts darunter',
  'cover.repositories.write.all': 'Repositorys lesen und ändern (clone, fetch, push)',
  'cover.repositories.write.below': 'Repositorys unter {place} lesen und ändern (clone, fetch, push)',
  'cover.repositories.write.exact': 'das Repository {place} lesen und ändern (clone, fetch, push) und nichts darunter',
  'cover.paths.read.all': 'alles lesen',
  'cover.paths.read.below': 'alles unter {place} lesen',
  'cover.paths.read.exact': '{place} lesen und nichts darunter',
  'cover.paths.write.all': 'alles lesen, ändern und löschen',
  'cover.paths.write.below': 'alles unter {place} lesen, ändern und löschen',
  'cover.paths.write.exact': '{place} lesen, ändern und löschen und nichts darunter',

  // Programs
  'program.browser': 'Browser',
  'program.git': 'git',
  'program.git-lfs': 'Git LFS',
  'program.credential-manager': 'Git Credential Manager',
  'program.visual-studio': 'Visual Studio oder tf',
  'program.build-agent': 'Build-Agent',
  'program.package-client': 'Paketverwaltung',
  'program.rest': 'Skript oder REST-Client',
  'program.other': 'Unbekanntes Programm',

  // How somebody has signed in
  'method.face': 'Gesicht',
  'method.fpt': 'Fingerabdruck',
  'method.hwk': 'Sicherheitsschlüssel',
  'method.kba': 'Sicherheitsfrage',
  'method.mca': 'zweiter Kanal',
  'method.otp': 'Einmalcode',
  'method.pin': 'PIN',
  'method.pop': 'Schlüssel des Geräts',
  'method.pwd': 'Kennwort',
  'method.sc': 'Smartcard',
  'method.sms': 'SMS',
  'method.swk': 'Schlüssel in Software',
  'method.tel': 'Telefon',
  'method.wia': 'Windows-Anmeldung',
  'method.ticket': 'Windows-Anmeldung mit zweitem Faktor',

  // Times
  'time.justNow': 'gerade eben',
  'time.lessThanMinute': 'weniger als eine Minute',
  'time.both': '{ago} ({utc} UTC)',
}
