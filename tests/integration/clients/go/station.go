package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"time"

	"github.com/lorenzodonini/ocpp-go/ocpp"
	ocpp2 "github.com/lorenzodonini/ocpp-go/ocpp2.0.1"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/authorization"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/availability"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/provisioning"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/remotecontrol"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/transactions"
	"github.com/lorenzodonini/ocpp-go/ocppj"
	"github.com/lorenzodonini/ocpp-go/ws"
)

// A station that says everything until it is answered, over as many connections as it takes.
type station struct {
	plan    plan
	library ocpp2.ChargingStation
	starts  chan string
	stops   chan string
}

func newStation(played plan) *station {
	return &station{plan: played, starts: make(chan string, 10), stops: make(chan string, 10)}
}

func (s *station) connect() {
	for {
		s.library = s.newLibrary()
		s.library.SetRemoteControlHandler(s)
		if s.library.Start(s.plan.URL) == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// newLibrary is the library's station, but for its patience: 30 s for an answer, and 10 s before it dials again.
func (s *station) newLibrary() ocpp2.ChargingStation {
	client := s.client()
	waits := ws.NewClientTimeoutConfig()
	waits.RetryBackOffWaitMinimum = 300 * time.Millisecond
	waits.RetryBackOffRandomRange = 1
	waits.RetryBackOffRepeatTimes = 2
	client.SetTimeoutConfig(waits)
	dispatcher := ocppj.NewDefaultClientDispatcher(ocppj.NewFIFOClientQueue(0))
	dispatcher.SetTimeout(5 * time.Second)
	endpoint := ocppj.NewClient(
		s.plan.Station, client, dispatcher, nil,
		authorization.Profile, availability.Profile, provisioning.Profile, remotecontrol.Profile, transactions.Profile,
	)
	return ocpp2.NewChargingStation(s.plan.Station, endpoint, client)
}

func (s *station) client() ws.WsClient {
	if s.plan.CA == "" {
		client := ws.NewClient()
		client.SetBasicAuth(s.plan.Station, s.plan.Password)
		return client
	}
	authority, err := os.ReadFile(s.plan.CA)
	check(err)
	roots := x509.NewCertPool()
	must(roots.AppendCertsFromPEM(authority), "no CA")
	own, err := tls.LoadX509KeyPair(s.plan.Certificate, s.plan.Key)
	check(err)
	return ws.NewTLSClient(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}})
}

func (s *station) leave() {
	s.library.Stop()
}

// tell returns the answer; an error that the other side has sent ends the program.
func (s *station) tell(request ocpp.Request) ocpp.Response {
	for {
		answer, err := s.library.SendRequest(request)
		if err == nil {
			return answer
		}
		var refused *ocpp.Error
		if errors.As(err, &refused) && refused.Code != "GenericError" && refused.Code != "InternalError" {
			check(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (s *station) OnRequestStartTransaction(
	request *remotecontrol.RequestStartTransactionRequest,
) (*remotecontrol.RequestStartTransactionResponse, error) {
	s.starts <- request.IDToken.IdToken
	return remotecontrol.NewRequestStartTransactionResponse(remotecontrol.RequestStartStopStatusAccepted), nil
}

func (s *station) OnRequestStopTransaction(
	request *remotecontrol.RequestStopTransactionRequest,
) (*remotecontrol.RequestStopTransactionResponse, error) {
	s.stops <- request.TransactionID
	return remotecontrol.NewRequestStopTransactionResponse(remotecontrol.RequestStartStopStatusAccepted), nil
}

func (s *station) OnTriggerMessage(
	*remotecontrol.TriggerMessageRequest,
) (*remotecontrol.TriggerMessageResponse, error) {
	return remotecontrol.NewTriggerMessageResponse(remotecontrol.TriggerMessageStatusNotImplemented), nil
}

func (s *station) OnUnlockConnector(
	*remotecontrol.UnlockConnectorRequest,
) (*remotecontrol.UnlockConnectorResponse, error) {
	return remotecontrol.NewUnlockConnectorResponse(remotecontrol.UnlockStatusUnlockFailed), nil
}
